"""Test formats.tree: where an installed tree keeps what."""

import ast
import fnmatch
import re
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.layout import TOOLS
from standalone.formats.tree import UNIX, InstalledTree, unix

from .test_layering import TREES

# Field of TreeLayout → a path that `make install` leaves, of a debug build.
INSTALLED = {
    "programs": "bin/python3.13d",
    "libpython": "lib/libpython3.13d.so.1.0",
    "include": "include/python3.13d",
    "library": "lib/python3.13",
    "dynload": "lib/python3.13/lib-dynload",
    "site_packages": "lib/python3.13/site-packages",
    "sysconfigdata":
        "lib/python3.13/_sysconfigdata_d_linux_x86_64-linux-gnu.py",
    "config_dir": "lib/python3.13/config-3.13d-x86_64-linux-gnu",
    "makefile": "lib/python3.13/config-3.13d-x86_64-linux-gnu/Makefile",
    "static_library":
        "lib/python3.13/config-3.13d-x86_64-linux-gnu/libpython3.13d.a",
}
DIRECTORIES = ("include", "library", "dynload", "site_packages",
               "config_dir")
# "python3*/" is what a glob in lib/ or include/ would begin with.
SPELLED = re.compile(r"lib/python(3[.*]|3?$)|python3\.?\*/|^python3\.?\*$")


class InstalledTreeTest(unittest.TestCase):

    def setUp(self):
        self.root = Path(
            self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.tree = InstalledTree(self.root)

    def lay(self):
        for name in DIRECTORIES:
            (self.root / INSTALLED[name]).mkdir(parents=True, exist_ok=True)
        for name, path in INSTALLED.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            if name not in DIRECTORIES:
                (self.root / path).write_text("")
        (self.root / "bin/python3").symlink_to("python3.13d")

    def test_paths(self):
        self.lay()
        for name, path in INSTALLED.items():
            if name not in ("programs", "libpython"):
                with self.subTest(name):
                    self.assertEqual(getattr(self.tree, name),
                                     self.root / path)

    def test_interpreter(self):
        self.lay()
        self.assertEqual(self.tree.python, self.root / "bin/python3")
        self.assertEqual(self.tree.interpreter,
                         self.root / "bin/python3.13d")

    def test_relative(self):
        self.lay()
        self.assertEqual(self.tree.relative(self.tree.makefile),
                         INSTALLED["makefile"])

    def test_a_file_is_no_library(self):
        # It sorts before the library.
        self.lay()
        (self.root / "lib/python3.1").write_text("")
        self.assertEqual(self.tree.library, self.root / "lib/python3.13")

    def test_missing(self):
        for name in INSTALLED.keys() - {"programs", "libpython"}:
            with (self.subTest(name),
                  self.assertRaisesRegex(BuildError, re.escape(
                      f"{self.root} has no {getattr(UNIX, name)}"))):
                getattr(self.tree, name)


class PatternsTest(unittest.TestCase):

    def test_of_any_version(self):
        for name, path in INSTALLED.items():
            with self.subTest(name):
                self.assertTrue(
                    fnmatch.fnmatchcase(path, getattr(UNIX, name)))

    def test_of_one_version(self):
        for name, path in INSTALLED.items():
            with self.subTest(name):
                self.assertTrue(fnmatch.fnmatchcase(
                    path, getattr(unix("3.13"), name)))
                self.assertFalse(fnmatch.fnmatchcase(
                    path, getattr(unix("3.14"), name)))

    def test_names(self):
        self.assertEqual(UNIX.patterns().keys(), {"python", *INSTALLED})


class SpelledOnceTest(unittest.TestCase):

    def test_modules(self):
        found = {name for name, tree in TREES.items()
                 for text in strings(tree) if SPELLED.search(text)}
        self.assertEqual(found, {"formats.tree"})

    def test_data(self):
        for path in TOOLS.rglob("*.toml"):
            if path.name != "pins.toml":     # whose URLs may look like it
                text = re.sub(r"(?m)^ *#.*", "", path.read_text("utf-8"))
                self.assertNotRegex(text, SPELLED, str(path))


def strings(tree):
    """Yield the string constants of a module except docstrings."""
    docstrings = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (isinstance(node, ast.Constant) and isinstance(node.value, str)
                and node not in docstrings):
            yield node.value


if __name__ == "__main__":
    unittest.main()
