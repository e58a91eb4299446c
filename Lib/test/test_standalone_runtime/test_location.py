"""The interpreter finds its library, and a start writes nothing."""

import importlib.util
import json
import os
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree

LOCATE = ("import json, sys; print(json.dumps("
          "[sys.executable, sys.prefix, sys.base_prefix, sys.exec_prefix]))")
PREFIX = str(tree.PREFIX)


class ExecutableTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def locate(self, *argv, **options):
        """sys.executable, after a look at the prefixes."""
        said = tree.run(*argv, "-c", LOCATE, **options)
        self.assertEqual(len(said.splitlines()), 1, said)   # no warning
        executable, *prefixes = json.loads(said)
        self.assertEqual({os.path.realpath(path) for path in prefixes},
                         {os.path.realpath(PREFIX)})
        return executable

    def test_names(self):
        for name in ("python", "python3", f"python{tree.VERSION}"):
            with self.subTest(name):
                self.assertEqual(self.locate(tree.BIN / name),
                                 str(tree.BIN / name))
                self.assertEqual((tree.BIN / name).resolve(),
                                 tree.PYTHON.resolve())

    def test_through_path(self):
        """argv[0] has no slash."""
        env = {"PATH": f"{tree.BIN}:{os.environ['PATH']}"}
        self.assertEqual(self.locate("python3", env=env),
                         str(tree.BIN / "python3"))

    def test_relative(self):
        for argv, cwd in (("./python3", tree.BIN),
                          ("bin/python3", tree.PREFIX),
                          ("../bin/python3", tree.BIN)):
            with self.subTest(argv):
                self.assertEqual(
                    os.path.normpath(self.locate(argv, cwd=cwd)),
                    str(tree.BIN / "python3"))

    def test_linked_from_elsewhere(self):
        link, second = self.directory / "py", self.directory / "py2"
        link.symlink_to(tree.PYTHON)
        second.symlink_to("py")
        self.assertEqual(self.locate(link), str(link))
        self.assertEqual(self.locate(second), str(second))
        self.locate("py", env={
            "PATH": f"{self.directory}:{os.environ['PATH']}"})
        (self.directory / "all").symlink_to(tree.PREFIX)
        self.locate(self.directory / "all" / "bin" / "python3")

    def test_no_environment(self):
        self.locate("env", "-i", tree.PYTHON)

    def test_options(self):
        for options in (("-I", "-S", "-E"), ("-I",), ("-S",), ("-X", "utf8"),
                        ("-X", "dev"), ("-O",), ("-OO",)):
            with self.subTest(options):
                self.locate(tree.PYTHON, *options)

    def test_search_path(self):
        """Of the tree alone, and every entry of it there."""
        said = tree.run(tree.PYTHON, "-I", "-c", "import json, sys; "
                        "print(json.dumps(sys.path))")
        archive, *paths = json.loads(said)
        self.assertEqual(Path(archive).name,
                         f"python{tree.VERSION.replace('.', '')}.zip")
        self.assertEqual(paths, [str(path) for path in (
            tree.LIBRARY, tree.LIBRARY / "lib-dynload",
            tree.LIBRARY / "site-packages")])

    def test_copied_tree(self):
        copied = tree.copy_to(self.directory)
        said = tree.run(copied / "bin/python3", "-c", LOCATE)
        self.assertEqual(json.loads(said)[1:], [str(copied)] * 3)

    def test_shared_library_is_ours(self):
        """libpython is found beside, by programs and not by us."""
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
            # pip, who has no use in a tree that cannot be written.
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
                self.assertEqual(int.from_bytes(header[4:8], "little"), 0b01,
                                 cached)
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
