"""Test interpreters that are started with an arbitrary argv[0].

The interpreter uses a path that leads to the running program or into a
virtual environment.  Otherwise it asks the kernel:
https://man7.org/linux/man-pages/man5/proc_pid_exe.5.html
"""

import glob
import os
import shutil
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import locating, tree

# The program interpreters that the platforms' ABIs name.
LOADERS = sorted(glob.glob("/lib*/ld-linux*.so.*"))


@unittest.skipUnless(locating.HAS_PROC, "/proc is not mounted")
class LieTests(locating.LocationCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def locate(self, argv0, *options, path=os.defpath, **kwargs):
        """As `exec -a argv0 python3` in a shell."""
        # With a cwd subprocess forks.  It would not give an empty argv[0]
        # to posix_spawn().
        return locating.locate(argv0, *options, executable=tree.PYTHON,
                               env={"PATH": path}, **{"cwd": ".", **kwargs})

    def test_nothing(self):
        for argv0 in ("", "nowhere to be found", "/nowhere/python3",
                      "nowhere/python3", "./python3", "/etc/passwd", "/",
                      "-python3", "\udcff", "x" * 2000):
            for path in (os.defpath, "", None, str(self.directory)):
                with self.subTest(argv0, path=path):
                    location = self.locate(argv0, path=path)
                    self.assertInTree(location)
                    self.assertEqual(location.executable,
                                     str(tree.PYTHON.resolve()))

    def test_options(self):
        self.assertInTree(self.locate("nowhere", "-I", "-S", "-E"))

    def test_loop_of_links(self):
        (self.directory / "loop").symlink_to("loop")
        self.assertInTree(self.locate(self.directory / "loop"))
        self.assertInTree(self.locate("loop", path=str(self.directory)))

    def test_name_of_another_program(self):
        """os.execl(python, "python3"), and PATH has a python3 as well."""
        other = self.directory / "python3"
        other.write_text("#!/bin/sh\nexit 9\n")
        other.chmod(0o755)
        location = self.locate("python3", path=str(self.directory))
        self.assertInTree(location)
        self.assertEqual(location.executable, str(tree.PYTHON.resolve()))

    def test_name_of_another_python(self):
        """It is even of the same version: the library would fit."""
        copied = tree.copy_to(self.directory)
        for option in ("--symlinks", "--copies"):
            env = self.directory / f"env{option}"
            tree.run(copied / "bin/python3", "-m", "venv", "--without-pip",
                     option, env)
            for place in (copied, env):
                with self.subTest(place.name):
                    self.assertInTree(self.locate(
                        "python3", path=str(place / "bin")))

    def test_name_on_path_is_kept(self):
        """A path that leads to the program through links is used."""
        farm, linked = self.directory / "farm", self.directory / "linked"
        farm.mkdir()
        (farm / "python3").symlink_to("../linked/bin/python3")
        linked.symlink_to(tree.PREFIX)
        (self.directory / "again").symlink_to("farm")
        for place, prefix in ((tree.BIN, tree.PREFIX),
                              (linked / "bin", linked), (farm, linked),
                              (self.directory / "again", linked)):
            with self.subTest(place):
                location = self.locate("python3", path=f"/none:{place}")
                self.assertInTree(location, prefix)
                self.assertEqual(location.executable, str(place / "python3"))

    def test_path_of_another_program(self):
        """As wrappers do, so that ps shows their own name."""
        for argv0 in ("/bin/sh", "../bin/sh", "//bin/sh"):
            location = self.locate(argv0, cwd="/etc")
            self.assertInTree(location)
            self.assertEqual(location.executable, str(tree.PYTHON.resolve()))

    def test_path_beside_another_library(self):
        """A wrapper in /usr/bin, where the system has a Python of the
        same version: https://github.com/python/cpython/issues/124241"""
        usr = self.directory / "usr"
        library = usr / tree.LIBRARY.relative_to(tree.PREFIX)
        library.mkdir(parents=True)
        for path in tree.LIBRARY.iterdir():
            (library / path.name).symlink_to(path)
        (usr / "bin").mkdir()
        for name in ("app", "python3"):
            wrapper = usr / "bin" / name
            wrapper.write_text("#!/bin/sh\n")
            wrapper.chmod(0o755)
            for argv0 in (wrapper, os.path.relpath(wrapper)):
                self.assertInTree(self.locate(argv0))

    def test_path_of_another_python(self):
        """Of one that is whole, and of one in a build directory."""
        copied = tree.copy_to(self.directory)
        self.assertInTree(self.locate(copied / "bin" / "python3"))
        building = self.directory / "building"
        building.mkdir()
        shutil.copy(tree.PYTHON, building / "python")
        (building / "pybuilddir.txt").write_text("build")
        self.assertInTree(self.locate(building / "python"))

    def test_path_in_environment(self):
        """Used, since it selects that environment: links to the running
        program and, as PEP 405 has them, copies of it."""
        for option in ("--symlinks", "--copies"):
            env = self.directory / f"env{option}"
            tree.run(tree.PYTHON, "-m", "venv", "--without-pip", option, env)
            location = self.locate(env / "bin" / "python")
            self.assertInVenv(location, env)
            self.assertEqual(location.executable, str(env / "bin/python"))
        if sys.version_info >= (3, 14):
            return       # sys.prefix would be bin: CPython's getpath.py
        # pyvenv.cfg may also be in the program's own directory.
        shutil.move(env / "pyvenv.cfg", env / "bin")
        self.assertInVenv(self.locate(env / "bin" / "python"), env)

    def test_path_through_links(self):
        """Used as it is, whatever links are on the way."""
        linked = self.directory / "linked"
        linked.symlink_to(tree.PREFIX)
        link = self.directory / "link"
        link.symlink_to("linked/bin/python3")
        for argv0, prefix in ((linked / "bin" / "python3", linked),
                              (link, linked)):
            location = self.locate(argv0)
            self.assertInTree(location, prefix)
            self.assertEqual(location.executable, str(argv0))

    def test_copy_in_environment(self):
        """A copy of the interpreter is found, and the venv around it."""
        env = self.directory / "env"
        tree.run(tree.PYTHON, "-m", "venv", "--without-pip", "--copies", env)
        for argv0 in ("nowhere", "/nowhere/python3"):
            self.assertInVenv(locating.locate(
                argv0, executable=env / "bin" / "python"), env)

    def test_deleted_program(self):
        """/proc names a file that no longer exists."""
        copied = tree.copy_to(self.directory)
        said = tree.run(
            "sh", "-c", 'exec 9<"$1" && rm "$1" && exec /proc/self/fd/9 -c '
            '"import sys; print(sys.prefix)"', "sh",
            copied / "bin" / tree.PYTHON.name)
        self.assertEqual(said, str(copied))


class LoaderTests(locating.LocationCase):
    """The kernel runs the loader; argv[0] is the program's."""

    def setUp(self):
        for loader in LOADERS:
            with open(loader, "rb") as file, open(tree.PYTHON, "rb") as ours:
                # e_machine: is it for this program?
                if file.read(20)[18:] == ours.read(20)[18:]:
                    self.loader = loader
                    return
        self.skipTest("no loader in its usual place")

    def test_loader(self):
        location = locating.locate(self.loader, tree.BIN / "python3")
        # A child is started without the loader, and finds the same.
        self.assertInTree(location)
        self.assertEqual(location.executable, str(tree.BIN / "python3"))
        self.assertInTree(locating.locate(
            self.loader, "bin/python3", cwd=tree.PREFIX))


class PathTests(locating.LocationCase):
    """The program's name is honest, PATH is of no use."""

    def test_empty_and_unset(self):
        for path in ("", None, "/nowhere", ":", "::."):
            with self.subTest(path):
                location = locating.locate(tree.BIN / "python3",
                                           env={"PATH": path})
                self.assertInTree(location)
                self.assertEqual(location.executable,
                                 str(tree.BIN / "python3"))

    @unittest.skipUnless(locating.HAS_PROC, "getpath does not find its way "
                         "up from a relative directory of PATH")
    def test_relative(self):
        said = tree.run("python3", "-c", "import sys; print(sys.prefix)",
                        env={"PATH": "bin:/usr/bin"}, cwd=tree.PREFIX)
        self.assertEqual(said, str(tree.PREFIX))

    @unittest.skipUnless(shutil.which("env"), "no env on PATH")
    def test_through_env(self):
        for options in ((), ("-i",), ("-u", "PATH")):
            self.assertInTree(locating.locate(
                "env", *options, tree.BIN / "python3"))
        self.assertEqual(tree.run(
            "env", "python3", "-c", "import sys; print(sys.executable)",
            env={"PATH": f"{tree.BIN}:{os.environ['PATH']}"}),
            str(tree.BIN / "python3"))

    def test_zipapp(self):
        import zipapp
        directory = Path(self.enterContext(os_helper.temp_dir()))
        (directory / "app").mkdir()
        (directory / "app" / "__main__.py").write_text(
            "import sys; print(sys.executable, sys.prefix, sys.argv[1:])")
        archive = directory / "app.pyz"
        zipapp.create_archive(directory / "app", archive,
                              "/usr/bin/env python3")
        expected = f"{tree.BIN / 'python3'} {tree.PREFIX} ['x']"
        self.assertEqual(tree.run(tree.BIN / "python3", archive, "x"),
                         expected)
        if os.path.exists("/usr/bin/env"):
            self.assertEqual(tree.run(archive, "x", env={
                "PATH": f"{tree.BIN}:{os.environ['PATH']}"}), expected)


if __name__ == "__main__":
    unittest.main()
