"""GNU readline and gdbm exist only in builds with OPTIONS=gpl."""

import importlib.util
import readline
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.terminal import Terminal, environment

# Next to the library or, in the full archive, next to the tree.
LICENCES = next((path for path in (tree.PREFIX / "licenses",
                                   tree.PREFIX.parent / "licenses")
                 if (path / "cpython").is_dir()), None)
WRITE = """\
import dbm.gnu, sys
with dbm.gnu.open(sys.argv[1], "c") as database:
    for number in range(1000):
        database[str(number)] = "x" * number
    del database["999"]
"""
READ = """\
import dbm, sys
print(dbm.whichdb(sys.argv[1]))
with dbm.open(sys.argv[1]) as database:
    print(sum(map(len, map(database.get, database.keys()))))
"""


class MarkTests(unittest.TestCase):
    """The option, what is linked in and the licences say the same."""

    def test_backend(self):
        if sys.version_info >= (3, 13):
            self.assertEqual(readline.backend,
                             "readline" if tree.GPL else "editline")
        self.assertEqual("libedit" in readline.__doc__, not tree.GPL)

    def test_gdbm(self):
        self.assertEqual(importlib.util.find_spec("_gdbm") is not None,
                         tree.GPL)

    @unittest.skipUnless(LICENCES, "the licences are not here")
    def test_licences(self):
        names = {path.name for path in LICENCES.iterdir()}
        self.assertEqual(names & {"gdbm", "libedit", "readline"},
                         {"gdbm", "readline"} if tree.GPL else {"libedit"})


@unittest.skipUnless(tree.GPL, "without GNU readline and gdbm")
class UseTests(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(os_helper.temp_dir()))

    def test_gdbm_file(self):
        """Another process finds what one has written."""
        tree.run(sys.executable, "-c", WRITE, self.dir / "file")
        self.assertEqual(
            tree.run(sys.executable, "-c", READ, self.dir / "file"),
            f"dbm.gnu\n{sum(range(999))}")

    def test_inputrc(self):
        """The user's ~/.inputrc counts."""
        (self.dir / ".inputrc").write_text('"\\C-t": "6*111"\n')
        terminal = self.enterContext(Terminal(
            [sys.executable, "-q"],
            environment("xterm-256color", self.dir, PYTHON_BASIC_REPL="1")))
        terminal.expect(">>> ")
        terminal.type("\x14", "\r")
        terminal.expect("666")

    def test_inputrc_of_the_system(self):
        self.assertIn(b"\0/etc/inputrc\0", tree.PYTHON.read_bytes())


if __name__ == "__main__":
    unittest.main()
