"""Virtual environments of every kind, and pip in them."""

import os
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree

# What a process in the environment ought to say of itself.
LOCATE = ("import ctypes, sqlite3, ssl, sys, sysconfig; print(sys.prefix, "
          "sys.base_prefix, sysconfig.get_path('purelib'), sep='\\n')")


class VenvTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def make(self, python, name, *options):
        env = self.directory / name
        tree.run(python, "-m", "venv", *options, env,
                 env={"PIP_NO_INDEX": "1"})
        return env

    def check(self, env, base=tree.PREFIX):
        """It runs, is itself, and finds its library in the tree."""
        for name in ("python", "python3", f"python{tree.VERSION}"):
            with self.subTest(name):
                said = tree.run(env / "bin" / name, "-c", LOCATE)
                self.assertEqual(said.splitlines(), [
                    str(env), str(base), str(
                        env / f"lib/python{tree.VERSION}/site-packages")])

    def check_pip(self, env):
        for argv in ([env / "bin" / "python", "-m", "pip"],
                     [env / "bin" / "pip"], [env / "bin" / "pip3"]):
            self.assertIn(str(env), tree.run(*argv, "--version"))

    def test_symlinks(self):
        env = self.make(tree.PYTHON, "by links")
        self.assertTrue((env / "bin" / "python").is_symlink())
        self.check(env)
        self.check_pip(env)

    def test_copies(self):
        env = self.make(tree.PYTHON, "by copies", "--copies")
        self.assertFalse((env / "bin" / "python").is_symlink())
        self.check(env)
        self.check_pip(env)

    def test_venv_of_venv(self):
        first = self.make(tree.PYTHON, "first", "--without-pip")
        for option in ("--symlinks", "--copies"):
            second = self.make(first / "bin" / "python", f"second{option}",
                               "--without-pip", option)
            self.check(second)

    def test_through_link(self):
        """Made by an interpreter that is called through a link."""
        link = self.directory / "linked-python"
        link.symlink_to(tree.PYTHON)
        for option in ("--symlinks", "--copies"):
            self.check(self.make(link, f"linked{option}", "--without-pip",
                                 option))

    def test_system_site_packages(self):
        env = self.make(tree.PYTHON, "open", "--without-pip",
                        "--system-site-packages")
        self.assertIn(str(tree.PREFIX), tree.run(
            env / "bin/python", "-c", "import pip; print(pip.__file__)"))

    def test_activate(self):
        env = self.make(tree.PYTHON, "activated", "--without-pip")
        self.assertEqual(
            tree.run("sh", "-c", '. "$1/bin/activate" && python -c '
                     '"import sys; print(sys.prefix)"', "sh", env),
            str(env))

    def test_moved_interpreter(self):
        """The tree moves, a venv is upgraded to the new place."""
        copied = tree.copy_to(self.directory)
        env = self.make(copied / "bin/python3", "upgraded", "--without-pip",
                        "--copies")
        moved = copied.rename(self.directory / "moved")
        self.make(moved / "bin/python3", "upgraded", "--without-pip",
                  "--upgrade", "--copies")
        self.check(env, base=moved)


if __name__ == "__main__":
    unittest.main()
