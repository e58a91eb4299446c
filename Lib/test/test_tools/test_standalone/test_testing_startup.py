"""The benchmark takes out of a tree what the overlay has put in."""

import importlib.util
import os
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.cpython import overlay
from standalone.testing import startup

from .trees import request, small_tree


class StartupTest(unittest.TestCase):

    def test_growth(self):
        self.assertAlmostEqual(startup.Startup(1010, 1000).growth, 1)
        self.assertEqual(startup.Startup(1000, 1000).growth, 0)
        text = str(startup.Startup(48_700_000, 48_600_000))
        self.assertIn("  48,600,000\n", text)
        self.assertIn("+0.206 %", text)

    def test_no_valgrind(self):
        out = self.enterContext(tempfile.TemporaryDirectory())
        with (unittest.mock.patch.dict(os.environ, PATH=out),
              self.assertRaisesRegex(UsageError, "needs valgrind")):
            startup.bench(request(small_tree(Path(out, "tree")), Path(out)))


class TakeOutTest(unittest.TestCase):

    def setUp(self):
        self.tree = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.library = self.tree / "lib" / "python3.13"
        (self.library / "_standalone_runtime").mkdir(parents=True)
        (self.tree / "bin").mkdir()
        (self.tree / "bin" / "python3").symlink_to(sys.executable)
        (self.library / "os.py").write_text("")
        self.edits = [edit for edit in overlay.edits()
                      if edit.file.startswith("Lib/")
                      and edit.fits((3, 13))
                      and not edit.file.startswith("Lib/test/")]

    def paths(self):
        return {edit.file: self.library / edit.file.removeprefix("Lib/")
                for edit in self.edits}

    def test_what_is_left_is_cpythons(self):
        expected = {}
        for name, path in self.paths().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            mine = [edit for edit in self.edits if edit.file == name]
            # These are anchors and so code, but seldom a whole statement.
            expected[path] = "".join(f"'''\n{edit.old}'''\n"
                                     for edit in mine)
            path.write_text("".join(f"'''\n{edit.new}'''\n"
                                    for edit in mine))
        startup._take_out(self.tree, (3, 13))
        self.assertFalse((self.library / "_standalone_runtime").exists())
        for path, text in expected.items():
            self.assertEqual(path.read_text(), text)
            cached = importlib.util.cache_from_source(
                str(path), optimization="")
            self.assertTrue(Path(cached).is_file(), cached)


if __name__ == "__main__":
    unittest.main()
