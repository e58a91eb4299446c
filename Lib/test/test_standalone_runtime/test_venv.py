"""Virtual environments of every kind, and pip in them."""

import os
import shutil
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import locating, tree

# What a process in the environment ought to say of itself.
LOCATE = ("import ctypes, sqlite3, ssl, sys, sysconfig; print(sys.prefix, "
          "sys.base_prefix, sysconfig.get_path('purelib'), sep='\\n')")

# In the environment.  A build without the GIL has lib/python3.14t.
PACKAGES = tree.LIBRARY.relative_to(tree.PREFIX) / "site-packages"


class VenvCase(locating.LocationCase):

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
                    str(env), str(base), str(env / PACKAGES)])

        self.assertInVenv(locating.locate(env / "bin" / "python3"), env, base)

    def check_pip(self, env):
        commands = [[env / "bin" / "python", "-m", "pip"]]
        if shutil.which("sh"):       # it finds python next to a script
            commands += [[env / "bin" / "pip"], [env / "bin" / "pip3"]]
        for argv in commands:
            self.assertIn(str(env), tree.run(*argv, "--version"))


class VenvTests(VenvCase):

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

    @tree.requires_tool("sh")
    def test_symlinked_scripts(self):
        """What pip writes into bin is found through links to it."""
        env = self.make(tree.PYTHON, "scripts")
        first, second = self.directory / "first", self.directory / "second"
        first.symlink_to(env / "bin" / "pip")
        second.symlink_to("first")
        for script in (first, second):
            self.assertIn(str(env), tree.run(script, "--version"))

    def test_system_site_packages(self):
        env = self.make(tree.PYTHON, "open", "--without-pip",
                        "--system-site-packages")
        self.assertIn(str(tree.PREFIX), tree.run(
            env / "bin/python", "-c", "import pip; print(pip.__file__)"))

    @tree.requires_tool("sh")
    def test_activate(self):
        env = self.make(tree.PYTHON, "activated", "--without-pip")
        self.assertEqual(
            tree.run("sh", "-c", '. "$1/bin/activate" && python -c '
                     '"import sys; print(sys.prefix)"', "sh", env),
            str(env))


class LinkTests(VenvCase):
    """Made by an interpreter that is called through a link."""

    def check_both(self, python, base=tree.PREFIX):
        for option in ("--symlinks", "--copies"):
            with self.subTest(python, option=option):
                env = self.make(python, f"{python.name}{option}",
                                "--without-pip", option)
                self.check(env, base)
                self.check(self.make(env / "bin/python", f"2{env.name}",
                                     "--without-pip", option), base)

    def test_to_interpreter(self):
        """pyvenv.cfg names the link's directory, which has no library:
        https://github.com/python/cpython/issues/106045"""
        other = self.directory / "other"
        other.mkdir()
        (other / "python3").symlink_to(tree.PYTHON)
        (other / "another-name").symlink_to("python3")
        (self.directory / "chain").symlink_to("other/another-name")
        for link in (other / "python3", other / "another-name",
                     self.directory / "chain"):
            self.check_both(link)

    def test_to_directory(self):
        """Such a link is kept: uv leads it to the newest release."""
        linked = self.directory / "cpython-3"
        linked.symlink_to(tree.PREFIX)
        self.check_both(linked / "bin" / "python3", base=linked)

    def test_to_directory_that_changes(self):
        copied = tree.copy_to(self.directory)
        linked = self.directory / "cpython-3"
        linked.symlink_to(tree.PREFIX)
        env = self.make(linked / "bin/python3", "env", "--without-pip")
        linked.unlink()
        linked.symlink_to(copied)
        self.check(env, base=linked)
        said = tree.run(env / "bin/python", "-c",
                        "import os; print(os.path.realpath(os.__file__))")
        self.assertEqual(said, str(
            copied / tree.LIBRARY.relative_to(tree.PREFIX) / "os.py"))

    def test_other_tools(self):
        """They write only what PEP 405 requires."""
        link = self.directory / "python3"
        link.symlink_to(tree.PYTHON)
        env = self.directory / "by others"
        (env / "bin").mkdir(parents=True)
        (env / PACKAGES).mkdir(parents=True)
        for name in ("python", "python3", f"python{tree.VERSION}"):
            (env / "bin" / name).symlink_to(link)
        (env / "pyvenv.cfg").write_text(f"home = {self.directory}\n")
        self.check(env)


class MovedTests(VenvCase):
    """The tree moves."""

    def setUp(self):
        super().setUp()
        self.before = self.directory / "before"
        self.before.mkdir()
        self.copied = tree.copy_to(self.before)
        self.after = self.directory / "after"

    def test_upgraded(self):
        """A venv is upgraded to the new place."""
        env = self.make(self.copied / "bin/python3", "upgraded",
                        "--without-pip", "--copies")
        moved = self.copied.rename(self.directory / "moved")
        self.make(moved / "bin/python3", "upgraded", "--without-pip",
                  "--upgrade", "--copies")
        self.check(env, base=moved)

    def test_together(self):
        """With copies in it, a venv finds the tree that moved with it."""
        names = ("before/env", "before/a/b/env", f"before/{self.copied.name}"
                 "/inside")
        for name in names:
            self.make(self.copied / "bin/python3", name, "--copies")
        self.make(self.directory / names[0] / "bin/python", "before/nested",
                  "--copies", "--without-pip")
        self.before.rename(self.after)
        moved = self.after / self.copied.name
        for name in (*names, "before/nested"):
            with self.subTest(name):
                env = self.after / Path(name).relative_to("before")
                self.check(env, base=moved)
                if name in names:
                    # The scripts have the interpreter's old path in them.
                    self.assertIn(str(env), tree.run(
                        env / "bin/python", "-m", "pip", "--version"))
        self.check(self.make(self.after / "env/bin/python", "after/new",
                             "--without-pip", "--copies"), base=moved)

    def test_together_through_links(self):
        """Neither way to the venv is the one on which it was made."""
        (self.directory / "link").symlink_to("before")
        self.make(self.copied / "bin/python3", "link/env", "--copies",
                  "--without-pip")
        self.before.rename(self.after)
        (self.directory / "link").unlink()
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "env").symlink_to(self.after / "env")
        self.check(self.after / "env", base=self.after / self.copied.name)
        self.check(elsewhere / "env", base=self.after / self.copied.name)

    def test_lost(self):
        """CPython's own error where the tree is gone."""
        env = self.make(self.copied / "bin/python3", "lost", "--copies",
                        "--without-pip")
        shutil.rmtree(self.copied)
        self.assertIn("<prefix>", locating.failure(
            env / "bin/python", "-c", "", env={}))
        self.assertEqual(
            locating.locate(env / "bin/python", env={
                "PYTHONHOME": tree.PREFIX}).base_prefix, str(tree.PREFIX))


if __name__ == "__main__":
    unittest.main()
