"""The interpreter finds its library, and a start writes nothing."""

import importlib.util
import json
import os
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import locating, tree


class ExecutableTests(locating.LocationCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def check(self, *argv, executable, prefix=tree.PREFIX, **options):
        location = locating.locate(*argv, **options)
        self.assertInTree(location, prefix)
        # CPython leaves "dir/../" as it was.
        self.assertEqual(os.path.normpath(location.executable),
                         str(executable))

    def test_names(self):
        for name in ("python", "python3", f"python{tree.VERSION}"):
            with self.subTest(name):
                self.check(tree.BIN / name, executable=tree.BIN / name)
                self.assertEqual((tree.BIN / name).resolve(),
                                 tree.PYTHON.resolve())

    def test_relative(self):
        for argv, cwd in (("./python3", tree.BIN),
                          ("bin/python3", tree.PREFIX),
                          ("../bin/python3", tree.BIN)):
            with self.subTest(argv):
                self.check(argv, cwd=cwd, executable=tree.BIN / "python3")

    def test_links(self):
        """Absolute, relative, a chain of them, of another name."""
        other = self.directory / "other"
        other.mkdir()
        (other / "python3").symlink_to(tree.PYTHON)
        (self.directory / "relative").symlink_to("other/python3")
        (other / "chain").symlink_to("../relative")
        (other / "far").symlink_to(os.path.relpath(tree.PYTHON, other))
        for link in (other / "python3", self.directory / "relative",
                     other / "chain", other / "far"):
            with self.subTest(link.name):
                self.check(link, executable=link)
                self.check(f"./{link.name}", cwd=link.parent,
                           executable=link)
                self.check(link.name, executable=link, env={
                    "PATH": f"{link.parent}:{os.environ['PATH']}"})

    def test_links_to_directories(self):
        """They are kept, since they are what does not change: uv makes one
        that leads to the newest release of a version."""
        whole, programs = self.directory / "whole", self.directory / "bin"
        whole.symlink_to(tree.PREFIX)
        programs.symlink_to("whole/bin")
        self.check(whole / "bin/python3", prefix=whole,
                   executable=whole / "bin/python3")
        # Not the way up from "bin", which the link is no part of.
        location = locating.locate(programs / "python3")
        self.assertEqual(location.executable, str(programs / "python3"))
        self.assertTrue(os.path.samefile(location.prefix, tree.PREFIX))

    def test_hard_links(self):
        copied = tree.copy_to(self.directory)
        original = copied / "bin" / tree.PYTHON.name
        beside, away = copied / "bin" / "beside", self.directory / "away"
        try:
            os.link(original, beside)
        except OSError as exc:
            self.skipTest(f"no hard links here: {exc}")
        os.link(original, away)
        self.check(beside, prefix=copied, executable=beside)
        # The kernel does not say which of the two names is in the tree.
        for argv0 in (away, "nowhere"):
            self.assertIn("<prefix>", locating.failure(
                argv0, "-c", "", executable=away, env={}))
        self.check(away, prefix=copied, executable=away,
                   env={"PYTHONHOME": copied})

    @tree.requires_tool("env")
    def test_no_environment(self):
        self.check("env", "-i", tree.PYTHON, executable=tree.PYTHON)

    def test_options(self):
        for options in (("-I", "-S", "-E"), ("-I",), ("-S",), ("-X", "utf8"),
                        ("-X", "dev"), ("-O",), ("-OO",)):
            with self.subTest(options):
                self.check(tree.PYTHON, *options, executable=tree.PYTHON)

    @tree.requires_tool("sh")
    def test_deleted_working_directory(self):
        for path in (os.environ["PATH"], f".:{os.environ['PATH']}"):
            self.check(
                "sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && '
                'exec "$@"', "sh", tree.PYTHON, cwd=self.directory,
                executable=tree.PYTHON, env={"PATH": path})

    def test_home(self):
        """PYTHONHOME is the user's word, right or wrong."""
        self.check(tree.PYTHON, executable=tree.PYTHON,
                   env={"PYTHONHOME": tree.PREFIX})
        self.assertEqual(
            tree.run(tree.PYTHON, "-E", "-c", "import sys; print(sys.prefix)",
                     env={"PYTHONHOME": "/nowhere"}), str(tree.PREFIX))
        for home in ("/nowhere", "nowhere", "/etc/passwd", "/a:/b"):
            with self.subTest(home):
                self.assertIn(repr(home), locating.failure(
                    tree.PYTHON, "-c", "", env={"PYTHONHOME": home}))

    def test_search_path(self):
        """Of the tree alone, and every entry of it there."""
        said = tree.run(tree.PYTHON, "-I", "-c", "import json, sys; "
                        "print(json.dumps(sys.path))")
        archive, *paths = json.loads(said)
        self.assertEqual(Path(archive).name,
                         f"{tree.LIBRARY.name.replace('.', '')}.zip")
        self.assertEqual(paths, [str(path) for path in (
            tree.LIBRARY, tree.LIBRARY / "lib-dynload",
            tree.LIBRARY / "site-packages")])

    def test_copied_tree(self):
        copied = tree.copy_to(self.directory)
        self.check(copied / "bin/python3", prefix=copied,
                   executable=copied / "bin/python3")

    @unittest.skipUnless(os.path.exists("/proc/self/maps"), "no /proc")
    def test_shared_library_is_ours(self):
        """The tree has libpython, but the interpreter does not load it."""
        library = tree.PREFIX / "lib" / f"libpython{tree.VERSION}" \
            f"{sys.abiflags}.so.1.0"
        self.assertTrue(library.is_file())
        maps = tree.run(tree.PYTHON, "-c",
                        "print(open('/proc/self/maps').read())")
        self.assertNotIn("libpython", maps)


class BytecodeTests(unittest.TestCase):
    """https://peps.python.org/pep-0552/"""

    def test_shipped_and_unchecked(self):
        without = {
            tree.LIBRARY / "test", tree.LIBRARY / "idlelib/idle_test",
            # pip, which cannot install into a read-only tree.
            tree.LIBRARY / "site-packages",
            *tree.LIBRARY.glob("config-*")}
        seen = 0
        for parent, directories, files in os.walk(tree.LIBRARY):
            directories[:] = [name for name in directories
                              if Path(parent, name) not in without]
            for name in files:
                path = os.path.join(parent, name)
                if not name.endswith(".py"):
                    continue
                cached = importlib.util.cache_from_source(path)
                with open(cached, "rb") as file:
                    header = file.read(16)
                self.assertEqual(header[:4], importlib.util.MAGIC_NUMBER)
                # uv and others rewrite that one, which has to be noticed.
                checked = name.startswith("_sysconfigdata_")
                self.assertEqual(int.from_bytes(header[4:8], "little"),
                                 0b11 if checked else 0b01, cached)
                seen += 1
        self.assertGreater(seen, 500)

    def test_no_build_path(self):
        """Code objects bear the placeholder, tracebacks the real path."""
        said = tree.run(tree.PYTHON, "-I", "-c", "import json.decoder as d; "
                        "print(d.JSONDecoder.decode.__code__.co_filename)")
        self.assertEqual(said, str(tree.LIBRARY / "json" / "decoder.py"))

    def test_start_writes_nothing(self):
        """Whether the tree can be written to or not."""
        said = tree.run(tree.PYTHON, "-v", "-c", "import asyncio, email, "
                        "json, ssl, sqlite3, unittest, venv, zipfile")
        for line in said.splitlines():
            self.assertFalse(line.startswith(("# wrote ", "# could not")),
                             line)


if __name__ == "__main__":
    unittest.main()
