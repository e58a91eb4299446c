"""Test sources.pip_index, with a real pip and a directory as its index."""

import ensurepip
import importlib.util
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.sources import pip_index
from standalone.sources.download import Unavailable

PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))


class NewestTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {
            "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.dir)}))
        for version in "1.9", "1.10", "2.0rc1":
            (self.dir / f"demo-{version}-py3-none-any.whl").touch()
        # No version of it is for this Python.
        (self.dir / "other-1.0-cp27-cp27m-win32.whl").touch()

    def check(self):
        self.assertEqual(pip_index.newest("demo"), "1.10")
        for name in "other", "missing":
            with self.assertRaisesRegex(Unavailable, f"{name}") as caught:
                pip_index.newest(name)
            self.assertNotIn("\n", str(caught.exception))

    @unittest.skipUnless(importlib.util.find_spec("pip"), "no pip installed")
    def test_installed(self):
        self.check()

    def without_pip(self, *names):
        find = importlib.util.find_spec
        self.enterContext(mock.patch.object(
            importlib.util, "find_spec",
            lambda name: None if name in names else find(name)))

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_bundled_with_this_python(self):
        self.without_pip("pip")
        self.check()

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_bundled_with_cpython(self):
        self.without_pip("pip", "ensurepip")
        bundled = self.dir / "tree/Lib/ensurepip/_bundled"
        bundled.mkdir(parents=True)
        shutil.copy(PIPS[0], bundled)
        with mock.patch.object(pip_index, "ROOT", self.dir / "tree"):
            self.check()

    def test_no_pip(self):
        self.without_pip("pip", "ensurepip")
        with (mock.patch.object(pip_index, "ROOT", self.dir),
              self.assertRaisesRegex(Unavailable, "no pip on this machine")):
            pip_index.newest("demo")

    def test_deadline(self):
        with (mock.patch.object(pip_index, "_DEADLINE", 0.01),
              self.assertRaisesRegex(Unavailable, "no answer from pip")):
            pip_index.newest("demo")


if __name__ == "__main__":
    unittest.main()
