"""Test unusual locations of a tree, and systems that lack things."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import children, locating, tree

# What shells, configuration files, PATH and format strings give a meaning,
# names that are not UTF-8, and paths longer than a name can be (255 bytes).
NEWLINE, NO_TEXT = "new\nline", os.fsdecode(b"non\xff-text")
NAMES = ("two words", "per%cent %(x)s", "it's \"q\"", "$HOME `id` *", "#hash",
         "-n", "back\\slash", "=", "{brace}", "trailing ", "co:lon",
         "\N{SNOWMAN}", NEWLINE, NO_TEXT,
         os.path.join(*["long" * 50] * 6), os.path.join(*["deep"] * 300))


class NameTests(locating.LocationCase):
    """One copy of the tree, which moves from place to place."""

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(os.path.realpath(
            cls.enterClassContext(os_helper.temp_dir())))
        cls.copied = tree.copy_to(cls.directory)

    def move(self, name):
        """The tree as *name*, until the test ends.

        Programs that clean up temporary directories may not handle that depth.
        """
        place = self.directory / "places" / name
        parents = [parent for parent in reversed(place.parents)
                   if not parent.exists()]
        for parent in parents:
            parent.mkdir()
        try:
            self.copied.rename(place)
        except OSError as exc:
            self.skipTest(f"no file may be called so: {exc}")

        def move_back():
            place.rename(self.copied)
            for parent in reversed(parents):
                parent.rmdir()
        self.addCleanup(move_back)
        return place

    def each(self, *without):
        """Each place in turn, as a subtest."""
        for name in NAMES:
            if name not in without:
                with self.subTest(name):
                    yield self.move(name)
                    self.doCleanups()

    def test_start(self):
        for place in self.each():
            python = place / "bin" / "python3"
            location = locating.locate(python)
            self.assertInTree(location, place)
            self.assertEqual(location.executable, str(python))
            self.assertInTree(locating.locate(python, "-I", "-S", "-E"),
                              place)
            self.assertInTree(locating.locate("./python3", cwd=place / "bin"),
                              place)
            if locating.HAS_PROC:
                self.assertInTree(locating.locate(
                    "nowhere", executable=python), place)

    def test_through_path(self):
        """A colon there separates directories."""
        for place in self.each("co:lon"):
            self.assertInTree(locating.locate("python3", env={
                "PATH": place / "bin"}), place)

    def test_library(self):
        for place in self.each():
            tree.run(place / "bin" / "python3", "-c",
                     "import ctypes, json, os, sqlite3, ssl, sysconfig\n"
                     "for name in 'stdlib', 'platstdlib', 'include', "
                     "'purelib', 'scripts':\n"
                     "    path = sysconfig.get_path(name)\n"
                     "    assert os.path.isdir(path), path")

    def test_pip(self):
        """As a module, and as the script in bin, which sh starts."""
        for place in self.each():
            commands = [[place / "bin/python3", "-m", "pip"]]
            if shutil.which("sh"):
                commands.append([place / "bin/pip3"])
            for argv in commands:
                self.assertIn(
                    os.fsencode(place / "lib"),
                    tree.run(*argv, "--version").encode(
                        "utf-8", "surrogateescape"))

    def test_virtual_environment(self):
        # pyvenv.cfg is text, and a line of it ends where a line ends.
        env = self.directory / "env"
        for place in self.each(NEWLINE, NO_TEXT):
            for option in ("--symlinks", "--copies"):
                tree.run(place / "bin/python3", "-m", "venv", "--clear",
                         "--without-pip", option, env)
                self.assertInVenv(locating.locate(env / "bin/python"), env,
                                  place)

    def test_virtual_environment_of_no_text(self):
        place = self.move(NO_TEXT)
        done = children.run(
            [place / "bin/python3", "-m", "venv", "--without-pip",
             self.directory / "env of no text"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, rb"\AError: 'utf-8' codec .*\n\Z")

    def test_virtual_environment_and_newline(self):
        """The link leads to where pyvenv.cfg does not; a copy is lost."""
        place, env = self.move(NEWLINE), self.directory / "env of newline"
        tree.run(place / "bin/python3", "-m", "venv", "--without-pip", env)
        self.assertInVenv(locating.locate(env / "bin/python"), env, place)
        tree.run(place / "bin/python3", "-m", "venv", "--clear", "--copies",
                 "--without-pip", env)
        self.assertIn("<prefix>", locating.failure(
            env / "bin/python", "-c", "", env={}))


class NoProcTests(locating.LocationCase):
    """In a chroot, or in a container that hides it."""

    def setUp(self):
        self.without = []
        if locating.HAS_PROC:
            self.without = locating.unshared(
                "mount -t tmpfs none /proc && test ! -e /proc/self")

    def test_start(self):
        location = locating.locate(*self.without, tree.BIN / "python3")
        self.assertInTree(location)
        self.assertEqual(location.executable, str(tree.BIN / "python3"))
        self.assertInTree(locating.locate(
            *self.without, "python3",
            env={"PATH": f"{tree.BIN}:{os.environ['PATH']}"}))

    @unittest.skipUnless(shutil.which("bash"), "no bash, so no exec -a")
    def test_lie(self):
        """CPython's own behaviour: an error, or the working directory."""
        lying = (*self.without, "bash", "-c", 'exec -a "$@"', "bash",
                 "nowhere", tree.PYTHON)
        self.assertIn("<prefix>", locating.failure(
            *lying, "-c", "", env={}, cwd="/"))
        self.assertEqual(tree.run(
            *lying, "-c", "import sys; print([sys.executable, sys.prefix])",
            cwd=tree.BIN), str(["", str(tree.PREFIX)]))


class ReadOnlyTests(locating.LocationCase):

    def test_mount(self):
        """A read-only mount works like any other directory."""
        directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))
        mount = locating.unshared(
            'mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" && '
            '! touch "$2/x" 2>/dev/null', tree.PREFIX, directory)
        python = directory / "bin" / "python3"
        location = locating.locate(*mount, python)
        self.assertInTree(location, directory)
        self.assertEqual(location.executable, str(python))
        said = tree.run(*mount, python, "-v", "-c",
                        "import asyncio, json, ssl, sqlite3")
        for line in said.splitlines():
            self.assertFalse(line.startswith(("# wrote ", "# could not")),
                             line)
        tree.run(*mount, directory / "bin" / "pip3", "--version")


if __name__ == "__main__":
    unittest.main()
