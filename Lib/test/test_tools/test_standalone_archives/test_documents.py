"""What lies beside the archives: sums, SBOMs, provenance."""

import json
import os
import tarfile
import tempfile
from pathlib import Path

from standalone import recipes
from standalone.archives import writer
from standalone.documents import provenance, sbom
from standalone.formats import checksums
from standalone.formats.names import BuildName
from standalone.release import published
from standalone.sources import pins
from standalone.sources.version import feature_version
from test_standalone.test_documents_sbom import messages
from test_standalone.trees import small_tree
from test_standalone_archives.finished import (
    NAME,
    OUT,
    ArchiveTestCase,
    children,
)


class DocumentTests(ArchiveTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sums = checksums.read(OUT / "SHA256SUMS")
        cls.archives = writer.file_names(BuildName.parse(NAME))

    @staticmethod
    def read(name):
        return json.loads((OUT / name).read_text())

    def components(self, kind):
        """Of the archives of that kind, in each compression."""
        for name in self.archives:
            if name.partition(".tar.")[0].endswith(f"-{kind}"):
                found = published.components(OUT / (name + sbom.SUFFIX))
                yield {name: component.version
                       for name, component in found.items()}

    def test_sums(self):
        children.run(["sha256sum", "--check", "--strict", "--quiet",
                      "SHA256SUMS"], cwd=OUT, check=True)
        for path in OUT.glob("*python-*"):
            if path.suffix not in (".asc", ".sigstore"):
                self.assertIn(path.name, self.sums)

    def test_every_archive_has_a_valid_sbom(self):
        pybis = [name for name in self.sums if name.endswith(".pybi")]
        for name in (*self.archives, *pybis):
            with self.subTest(name):
                path = OUT / (name + sbom.SUFFIX)
                self.assertEqual(messages(path), [])
                [file] = self.read(path.name)["files"]
                self.assertEqual(file["fileName"], name)
                self.assertIn({"algorithm": "SHA256",
                               "checksumValue": self.sums[name]},
                              file["checksums"])

    def test_sboms_agree_with_pins_and_recipes(self):
        tools = {name for name, pin in pins.load().items() if pin.tool}
        known = {name for name, pin in pins.load().items()} - tools
        name = BuildName.parse(NAME)
        with tempfile.TemporaryDirectory() as directory:
            wanted = recipes.wanted(
                feature_version(name.version), small_tree(Path(directory)),
                gpl="gpl" in name.marks)
        linked = {name for name, recipe in wanted.items()
                  if recipe.archives or recipe.libraries}
        for found in self.components("install_only"):
            self.assertLessEqual(linked | {"certifi", "tzdata"}, set(found))
            self.assertEqual(set(found) & tools, set())
            for name in known & set(found):
                self.assertEqual(found[name], pins.load()[name].version)
            self.assertEqual(
                {name for name in set(found) - known - {"libgcc"}
                 if "-" not in name}, {"cpython", "pip", "glibc"})

    def test_patches(self):
        """SBOMs and provenance have those of the pins."""
        patches = {patch.name: patch.sha256
                   for series in pins.load()["openssl"].patches
                   for patch in series.patches}
        [found, *_] = (name for name in self.archives if "-full." in name)
        components = published.components(OUT / (found + sbom.SUFFIX))
        self.assertEqual(components["openssl"].patches, patches)
        statement = self.read(NAME + provenance.SUFFIX)
        entries = statement["predicate"]["buildDefinition"][
            "resolvedDependencies"]
        self.assertEqual(
            {entry["name"].partition("/")[2]: entry["digest"]["sha256"]
             for entry in entries if entry["name"].startswith("openssl/")},
            patches)

    def test_components_by_kind(self):
        whole = list(self.components("full"))
        for found, full in zip(self.components("debuginfo"), whole,
                               strict=True):
            self.assertLessEqual(found.items(), full.items())
            self.assertLessEqual({"cpython", "libx11", "openssl"}, set(found))
            for name in found:
                self.assertNotRegex(name, "^pip|certifi|tzdata|macholib")
        for kind in "install_only", "install_only_stripped":
            for found in self.components(kind):
                self.assertIn(found, whole)

    def test_licences_are_in_the_archives(self):
        for name in self.archives:
            if not name.endswith("-install_only_stripped.tar.gz"):
                continue
            with tarfile.open(OUT / name) as tar:
                members = set(tar.getnames())
            self.assertIn("python/licenses/SUMMARY.txt", members)
            packages = [
                package for package
                in self.read(name + sbom.SUFFIX)["packages"]
                # A patch is under the licence of what it changes.
                if not package["SPDXID"].startswith("SPDXRef-PATCH-")]
            self.assertGreater(len(packages), 40)
            for package in packages:
                part = package["SPDXID"].removeprefix("SPDXRef-PACKAGE-")
                for owner in "cpython-", "pip-":
                    if part.startswith(owner):
                        part = f"{owner[:-1]}/{package['name']}"
                self.assertIn(f"python/licenses/{part}", members)

    def test_provenance(self):
        statement = self.read(NAME + provenance.SUFFIX)
        self.assertNotIn(os.fspath(OUT.resolve()), json.dumps(statement))
        subjects = {entry["name"]: entry["digest"]["sha256"]
                    for entry in statement["subject"]}
        self.assertLessEqual(set(self.archives), subjects.keys())
        self.assertLessEqual(subjects.items(), self.sums.items())
