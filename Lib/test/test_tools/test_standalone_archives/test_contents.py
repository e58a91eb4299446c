"""Lists of files, build-details.json, and archives over each other."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import jsonschema

from test_standalone_archives.finished import ArchiveTestCase, run

SCHEMA = "build-details-v1.0.schema.json"


class ManifestTests(ArchiveTestCase):
    """Each archive has a list, and that is true."""

    def check(self, kind, below="python/"):
        name = f"{below}share/manifests/{kind}.sha256"
        found, listed = {}, None
        with self.open(kind) as tar:
            for info in tar:
                content = info.isreg() and tar.extractfile(info).read()
                if info.name == name:
                    listed = content.decode().splitlines()
                elif not info.isdir() and info.name.startswith(below):
                    found[info.name.removeprefix(below)] = (
                        f"-> {info.linkname}" if info.issym()
                        else hashlib.sha256(content).hexdigest())
        links = [line.removeprefix("# link ").split(" -> ")
                 for line in listed if line.startswith("# link ")]
        files = [line.split("  ", 1) for line in listed
                 if not line.startswith("#")]
        self.assertEqual(
            {path: f"-> {target}" for path, target in links}
            | {path: sha256 for sha256, path in files}, found)

    def test_install_only(self):
        self.check("install_only")

    def test_full(self):
        self.check("full", below="python/install/")


class TreeTests(ArchiveTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tree = cls.unpack("install_only_stripped", cls.top)

    def test_unpacked(self):
        report = self.verify(self.tree)
        self.assertTrue(report.pop("ok"))
        self.assertEqual(report["differences"], [])
        self.assertEqual(report["tolerated"], [])
        self.assertEqual([*report["manifests"]], ["install_only_stripped"])
        self.assertGreater(report["files"], 3000)

    def test_sha256sum(self):
        run("sha256sum", "--check", "--quiet", "--strict",
            "share/manifests/install_only_stripped.sha256", cwd=self.tree)

    def test_debuginfo_over_it(self):
        copied = self.top / "with debuginfo" / "python"
        shutil.copytree(self.tree, copied, symlinks=True)
        self.unpack("debuginfo", copied.parent)
        report = self.verify(copied)
        self.assertEqual(report["differences"], [])
        self.assertEqual([*report["manifests"]],
                         ["debuginfo", "install_only_stripped"])

    def test_build_details(self):
        [path] = self.tree.glob("lib/python3.*/build-details.json")
        prefix, places = check_details(path.read_bytes(), path.parent)
        self.assertEqual(prefix, str(self.tree))
        self.assertGreaterEqual(len(places), 4)
        for place in places:
            self.assertTrue((self.tree / place).exists(), place)


class FullTests(ArchiveTestCase):

    def test_build_details(self):
        """There is one more library than elsewhere."""
        with self.open("full") as tar:
            names = set()
            for info in tar:
                names.add(info.name)
                if info.name.endswith("/build-details.json"):
                    text = tar.extractfile(info).read()
                    where = os.path.dirname(info.name)
        prefix, places = check_details(text, where)
        self.assertEqual(prefix, "python/install")
        self.assertLessEqual({f"{prefix}/{place}" for place in places}, names)
        self.assertTrue(any(place.endswith(".a") for place in places))


def check_details(text, directory):
    """The prefix, and what is named below it, of a build-details.json."""
    schema = json.loads(Path(__file__).with_name(SCHEMA).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    details = json.loads(text)
    jsonschema.validate(details, schema)
    return (os.path.normpath(os.path.join(directory, details["base_prefix"])),
            [details["base_interpreter"], *details["c_api"].values(),
             *(value for value in details["libpython"].values()
               if isinstance(value, str))])
