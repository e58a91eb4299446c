"""build_details.py corrects what CPython 3.14 and newer write."""

import json
import tempfile
import unittest
from pathlib import Path

from standalone.relocate import build_details

PATCHLEVEL = """\
#define PY_MAJOR_VERSION        3
#define PY_MINOR_VERSION        13
#define PY_MICRO_VERSION        15
#define PY_RELEASE_LEVEL        PY_RELEASE_LEVEL_FINAL
#define PY_RELEASE_SERIAL       0
"""


class WriteTest(unittest.TestCase):

    def test_no_path_of_the_build(self):
        """Relative ones, and none of a file that is not shipped."""
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "build-details.json"
            path.write_text(json.dumps({
                "schema_version": "1.0", "base_prefix": "/install",
                "base_interpreter": "/install/bin/python3.14",
                "abi": {"flags": ["t"]},
                "suffixes": {"source": [".py"]},
                "libpython": {
                    "dynamic": "/install/lib/libpython3.14.so.1.0",
                    "static": "/install/lib/python3.14/config/lib.a",
                    "link_extensions": False},
                "c_api": {"headers": "/install/include/python3.14"}}))
            build_details.write(path, Path(directory), "python3.14t", {})
            self.assertEqual(json.loads(path.read_text()), {
                "schema_version": "1.0", "base_prefix": "../..",
                "base_interpreter": "bin/python3.14t",
                "abi": {"flags": ["t"]},
                "suffixes": {"source": [".py"]},
                "libpython": {"dynamic": "lib/libpython3.14.so.1.0",
                              "link_extensions": False},
                "c_api": {"headers": "include/python3.14"}})

    def test_debug_build(self):
        """It has no library for the stable ABI."""
        data = {"VERSION": "3.13", "LDVERSION": "3.13d", "ABIFLAGS": "d",
                "INSTSONAME": "libpython3.13d.so.1.0", "EXT_SUFFIX": ".so",
                "MULTIARCH": "x86_64-linux-gnu"}
        with tempfile.TemporaryDirectory() as directory:
            tree = Path(directory)
            header = tree / "include" / "python3.13d" / "patchlevel.h"
            header.parent.mkdir(parents=True)
            header.write_text(PATCHLEVEL)
            for library in (False, True):
                if library:
                    (tree / "lib").mkdir()
                    (tree / "lib" / "libpython3.so").touch()
                path = tree / "build-details.json"
                build_details.write(path, tree, "python3.13d", data)
                details = json.loads(path.read_text())
                self.assertEqual(
                    "dynamic_stableabi" in details["libpython"], library)
                self.assertEqual(details["language"]["version_info"], {
                    "major": 3, "minor": 13, "micro": 15,
                    "releaselevel": "final", "serial": 0})
                path.unlink()


if __name__ == "__main__":
    unittest.main()
