"""pybi.py; a finished one is used in test_standalone_archives."""

import json
import shutil
import stat
import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

from standalone.archives import compression, pybi
from standalone.archives.mounts import Mount, members
from test_standalone.writing import EPOCH, FILES, UMLAUT, lay

from . import children

SITE = "lib/python3.13/site-packages"
PROBED = {"variables": {"os_name": "posix"}, "paths": {"scripts": "bin"},
          "tags": ["cp313-cp313-PLATFORM", "py3-none-any"]}
FACTS = pybi.Description("3.13.15", 1, "manylinux_2_17_x86_64", PROBED)


class PybiTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, tree, epoch=EPOCH):
        path = self.dir / FACTS.name
        path.unlink(missing_ok=True)
        pybi.write(path, members(
            [Mount(tree, without=pybi.WITHOUT)]), FACTS, epoch,
            compression.deflated)
        return path

    def test_name(self):
        self.assertEqual(FACTS.name,
                         "cpython-3.13.15-manylinux_2_17_x86_64.pybi")

    def test_members(self):
        tree = lay(self.dir / "tree", FILES | {
            "bin/pip3": "#!", f"{SITE}/pip/main.py": "", "empty": ""})
        with zipfile.ZipFile(self.write(tree)) as made:
            self.assertIsNone(made.testzip())
            modes = {info.filename: info.external_attr >> 16
                     for info in made.infolist()}
            self.assertEqual(
                {info.date_time for info in made.infolist()},
                {(2023, 11, 14, 22, 13, 20)})
            self.assertEqual(made.read("bin/python3"), b"python3.13")
            self.assertEqual(made.read("bin/python3.13"), b"x" * 5000)
            self.assertEqual(made.read(UMLAUT), b"umlaut")
        self.assertEqual(modes["bin/python3.13"], stat.S_IFREG | 0o755)
        self.assertEqual(modes["empty"], stat.S_IFREG | 0o644)
        self.assertTrue(stat.S_ISLNK(modes["bin/python3"]))
        self.assertTrue(stat.S_ISDIR(modes[f"{SITE}/"]))
        self.assertNotIn("bin/pip3", modes)
        self.assertNotIn(f"{SITE}/pip/main.py", modes)
        self.assertEqual([*modes][-3:], [
            "pybi-info/PYBI", "pybi-info/METADATA", "pybi-info/RECORD"])

    def test_metadata(self):
        with zipfile.ZipFile(self.write(lay(self.dir / "t", FILES))) as made:
            lines = made.read("pybi-info/METADATA").decode().splitlines()
        self.assertIn("Version: 3.13.15", lines)
        self.assertIn('Pybi-Environment-Marker-Variables: '
                      + json.dumps(PROBED["variables"]), lines)
        self.assertEqual(lines[-2:], [
            f"Pybi-Wheel-Tag: {tag}" for tag in PROBED["tags"]])

    def test_same_bytes(self):
        one = self.write(lay(self.dir / "one", FILES)).read_bytes()
        tree = lay(self.dir / "ä b", dict(reversed(FILES.items())),
                   umask=0o077)
        self.assertEqual(self.write(tree).read_bytes(), one)
        self.assertNotEqual(self.write(tree, EPOCH + 2).read_bytes(), one)

    @unittest.skipUnless(shutil.which("unzip"), "no unzip on PATH")
    def test_unzip(self):
        path = self.write(lay(self.dir / "tree", FILES))
        children.run(["unzip", "-tq", path], check=True,
                     stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
