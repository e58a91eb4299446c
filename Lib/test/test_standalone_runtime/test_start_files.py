"""Files .pth and .start in site-packages of a tree that was moved.

PEP 829: since 3.15 a .start file names functions that are called at start-up,
and replaces the import lines of the .pth file with the same name.
"""

import os
import shutil
import sys
import unittest
from pathlib import Path

from _standalone_runtime import verify
from test.support import os_helper
from test.test_standalone_runtime import packages, tree

CALLED = sys.version_info >= (3, 15)
SITE_PACKAGES = (tree.LIBRARY / "site-packages").relative_to(tree.PREFIX)

# A package that says which of the two files has called it.  What it imports
# looks for the tree, too.
PACKAGE = """\
import ssl, sys, sysconfig, zoneinfo

def report(file):
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
    assert zoneinfo.ZoneInfo("Europe/Berlin").key
    print(file, "called", __file__)
    print("LIBDIR", sysconfig.get_config_var("LIBDIR"))

def from_start():
    report(".start")
"""
FILES = {
    "early/__init__.py": "",
    "early/inner.py": PACKAGE,
    "early.pth": "extra\nimport early.inner; early.inner.report('.pth')\n",
    "early.start": "# PEP 829\nearly.inner:from_start\n",
    "extra/late.py": "",
}


def write(directory):
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class ShippedTests(unittest.TestCase):

    @unittest.skipUnless(list(tree.PREFIX.glob("share/manifests/*.sha256")),
                         "not a tree from an archive: it has no list of files")
    def test_none(self):
        """Nothing of ours runs at each start, or extends the path."""
        shipped = [name for path in tree.PREFIX.glob(
                       "share/manifests/*.sha256")
                   for name in verify.read(path.read_bytes(), path.name)]
        self.assertIn(f"{SITE_PACKAGES.parent}/site.py", shipped)
        self.assertEqual([name for name in shipped
                          if name.endswith((".pth", ".start"))], [])


class MovedTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(os.path.realpath(
            cls.enterClassContext(os_helper.temp_dir())))
        cls.copied = tree.copy_to(cls.directory)

    def setUp(self):
        self.home = Path(self.enterContext(os_helper.temp_dir()))
        self.env = {"HOME": self.home, "PYTHONUSERBASE": None,
                    "PYTHONNOUSERSITE": None, "PYTHONDONTWRITEBYTECODE": "1"}

    def write_to_tree(self):
        write(self.copied / SITE_PACKAGES)
        self.addCleanup(self.remove_from_tree)

    def remove_from_tree(self):
        for name in {name.partition("/")[0] for name in FILES}:
            path = self.copied / SITE_PACKAGES / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def move(self):
        """To a name that no test before has used."""
        type(self).copied = self.copied.rename(
            self.directory / self.id().rpartition(".")[2])

    def run_python(self, python, *options):
        return tree.run(python, *options, "-c", "", env=self.env)

    def assertCalled(self, python, site_packages):
        """By the file that this version prefers, and by no other."""
        file = ".start" if CALLED else ".pth"
        lines = self.run_python(python).splitlines()
        if not CALLED:      # it executes import lines of a venv twice
            lines = list(dict.fromkeys(lines))
        self.assertEqual(lines, [
            f"{file} called {site_packages / 'early/inner.py'}",
            f"LIBDIR {self.copied / 'lib'}"])
        self.assertEqual(self.run_python(python, "-S"), "")
        self.assertEqual(tree.run(
            python, "-c", "import late; print(late.__file__)",
            env=self.env).splitlines()[-1],
            str(site_packages / "extra/late.py"))

    def test_tree(self):
        self.write_to_tree()
        self.move()
        self.assertCalled(self.copied / "bin/python3",
                          self.copied / SITE_PACKAGES)

    def test_venv(self):
        """It moves with the tree; the tree's own files do not count."""
        for option in "--symlinks", "--copies":
            tree.run(self.copied / "bin/python3", "-m", "venv",
                     "--without-pip", option, self.copied / option)
            write(self.copied / option / SITE_PACKAGES)
        self.move()
        for option in "--symlinks", "--copies":
            python = self.copied / option / "bin/python"
            if not python.exists():     # the link leads to the old place
                python.unlink()
                python.symlink_to(self.copied / "bin/python3")
            with self.subTest(option):
                self.assertCalled(python,
                                  self.copied / option / SITE_PACKAGES)
        self.assertEqual(
            self.run_python(self.copied / "bin/python3"), "")

    def test_user_site(self):
        site_packages = self.home / ".local" / SITE_PACKAGES
        write(site_packages)
        self.move()
        self.assertCalled(self.copied / "bin/python3", site_packages)
        self.assertEqual(
            self.run_python(self.copied / "bin/python3", "-s"), "")

    def test_installed_by_pip(self):
        """And removed by it."""
        wheel = packages.write_wheel(
            self.home, **FILES, **{"greeting.start": "greeting:main\n"})
        pip = [self.copied / "bin/python3", "-m", "pip"]
        tree.run(*pip, "install", "--no-index", "--no-cache-dir",
                 "--disable-pip-version-check", wheel, env=self.env)
        self.move()
        python = self.copied / "bin/python3"
        self.assertEqual(
            self.run_python(python).splitlines()[2:],
            [f"greetings from {self.copied}"] if CALLED else [])
        tree.run(python, "-m", "pip", "uninstall", "-y", "greeting",
                 env=self.env)
        self.assertEqual(self.run_python(python), "")

    @unittest.skipUnless(CALLED, "this version ignores the file")
    def test_errors(self):
        """They are reported, and the interpreter starts."""
        self.write_to_tree()
        bad = self.copied / SITE_PACKAGES / "bad.start"
        bad.write_text("early.nowhere:main\nbad\n")
        self.addCleanup(lambda: (
            self.copied / SITE_PACKAGES / bad.name).unlink())
        self.move()
        said = self.run_python(self.copied / "bin/python3")
        self.assertIn("early.nowhere", said)
        self.assertIn(".start called", said)


if __name__ == "__main__":
    unittest.main()
