"""Tests of what lies beside finished archives.

With STANDALONE_TEST_DIST=DIR, which is only read.
"""

import json
import os
import subprocess
import tarfile
import unittest
from pathlib import Path

from standalone import pins, provenance, recipes, sbom, summary

from .test_sbom import messages

DIST = os.environ.get("STANDALONE_TEST_DIST")


@unittest.skipUnless(DIST, "STANDALONE_TEST_DIST names no archives")
class DistTest(unittest.TestCase):

    def setUp(self):
        self.dist = Path(DIST)
        self.sums = summary.read_sums(self.dist / "SHA256SUMS")
        self.archives = [name for name in self.sums
                         if name.endswith((".tar.gz", ".tar.zst"))]
        self.assertTrue(self.archives)

    def read(self, name):
        return json.loads((self.dist / name).read_text())

    def components(self, kind):
        """Of the archives of that kind, those of each build apart."""
        for name in self.archives:
            if name.partition(".tar.")[0].endswith(f"-{kind}"):
                yield sbom.components(self.read(name + sbom.SUFFIX))

    def test_sums(self):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet",
                        "SHA256SUMS"], cwd=self.dist, check=True)
        for path in self.dist.glob("*python-*"):
            if path.suffix not in (".asc", ".sigstore"):
                self.assertIn(path.name, self.sums)

    def test_every_archive_has_a_valid_sbom(self):
        for name in self.archives:
            with self.subTest(name):
                path = self.dist / (name + sbom.SUFFIX)
                self.assertEqual(messages(path), [])
                [file] = self.read(path.name)["files"]
                self.assertEqual(file["fileName"], name)
                self.assertIn({"algorithm": "SHA256",
                               "checksumValue": self.sums[name]},
                              file["checksums"])

    def test_sboms_agree_with_pins_and_recipes(self):
        tools = {name for name, pin in pins.load().items() if pin.tool}
        known = {name for name, pin in pins.load().items()} - tools
        linked = {name for name, recipe in recipes.load().items()
                  if recipe.archives} - {"mpdecimal", "zstd"}
        for found in self.components("install_only"):
            self.assertLessEqual(linked | {"certifi", "tzdata"}, set(found))
            self.assertEqual(set(found) & tools, set())
            for name in known & set(found):
                self.assertEqual(found[name], pins.load()[name].version)
            self.assertEqual(
                {name for name in set(found) - known if "-" not in name},
                {"cpython", "pip", "glibc"})

    def test_components_by_kind(self):
        whole = list(self.components("full"))
        for found, full in zip(self.components("debuginfo"), whole,
                               strict=True):
            self.assertLessEqual(found.items(), full.items())
            self.assertLessEqual({"cpython", "openssl", "tk"}, set(found))
            for name in found:
                self.assertNotRegex(name, "^pip|certifi|tzdata|macholib")
        for kind in "install_only", "install_only_stripped":
            for found in self.components(kind):
                self.assertIn(found, whole)

    def test_licences_are_in_the_archives(self):
        for name in self.archives:
            if not name.endswith("-install_only_stripped.tar.gz"):
                continue
            with tarfile.open(self.dist / name) as tar:
                members = set(tar.getnames())
            self.assertIn("python/licenses/SUMMARY.txt", members)
            packages = self.read(name + sbom.SUFFIX)["packages"]
            self.assertGreater(len(packages), 40)
            for package in packages:
                part = package["SPDXID"].removeprefix("SPDXRef-PACKAGE-")
                for owner in "cpython-", "pip-":
                    if part.startswith(owner):
                        part = f"{owner[:-1]}/{package['name']}"
                self.assertIn(f"python/licenses/{part}", members)

    def test_provenance(self):
        subjects = {}
        for name in self.sums:
            if name.endswith(provenance.SUFFIX):
                statement = self.read(name)
                self.assertNotIn(os.fspath(self.dist.resolve()),
                                 json.dumps(statement))
                subjects |= {entry["name"]: entry["digest"]["sha256"]
                             for entry in statement["subject"]}
        self.assertEqual(subjects, {name: self.sums[name]
                                    for name in self.archives})


if __name__ == "__main__":
    unittest.main()
