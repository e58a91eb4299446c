"""Start-up imports no more modules than CPython itself does."""

import sys
import unittest

from test.test_standalone_runtime import tree

# sys.modules of `python -S -c pass`, and what comes with site, by feature
# version.  3.13: as a Debian package of 3.13.5 has it, which adds a
# sitecustomize of its own, and as 3.13.15 has it without our overlay.
CORE = {
    (3, 13): """
        __main__ _abc _codecs _frozen_importlib _frozen_importlib_external
        _imp _io _signal _thread _warnings _weakref abc builtins codecs
        encodings encodings.aliases encodings.utf_8 io linecache marshal
        posix sys time zipimport
    """,
}
SITE = {
    (3, 13): """
        _collections_abc _sitebuiltins _stat errno genericpath os os.path
        posixpath site stat
    """,
}
# As a user has it: HOME is known, the C locale is taken for UTF-8.
USUAL = {"HOME": "/nonexistent", "LANG": None, "LC_ALL": None,
         "LC_CTYPE": None}


def imported(*options):
    """The modules that a start with *options* leaves in sys.modules."""
    return set(tree.run(
        tree.PYTHON, *options, "-c", "import sys; print(*sys.modules)",
        env=USUAL, cwd=tree.PREFIX).split())


class StartupTests(unittest.TestCase):

    @unittest.skipUnless(sys.version_info[:2] in CORE,
                         f"no list of what {tree.VERSION} imports")
    def test_modules(self):
        core = set(CORE[sys.version_info[:2]].split())
        site = set(SITE[sys.version_info[:2]].split())
        for options, expected in (((), core | site), (("-I",), core | site),
                                  (("-S",), core), (("-I", "-S"), core)):
            with self.subTest(options):
                self.assertEqual(imported(*options), expected)

    def test_without_the_runtime(self):
        """Also in a version that has no list."""
        for options in ((), ("-I",), ("-S",), ("-X", "dev")):
            with self.subTest(options):
                self.assertNotIn("_standalone_runtime", imported(*options))

    def test_the_runtime_imports_nothing(self):
        """What it has on top of `site` is itself."""
        said = tree.run(tree.PYTHON, "-I", "-c",
                        "import sys; before = set(sys.modules); "
                        "import _standalone_runtime; "
                        "print(*set(sys.modules) - before)")
        self.assertEqual(said, "_standalone_runtime")


if __name__ == "__main__":
    unittest.main()
