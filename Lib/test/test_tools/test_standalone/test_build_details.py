"""build_details.py corrects what CPython 3.14 and newer write."""

import json
import tempfile
import unittest
from pathlib import Path

from standalone import build_details


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


if __name__ == "__main__":
    unittest.main()
