"""History files lose no lines, whichever program wrote them."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import children, tree
from test.test_standalone_runtime.terminal import (
    CONTROL_D,
    UP,
    Terminal,
    environment,
)

NOBODY = 65534

# As GNU readline writes them, and CPython's own REPL.
PLAIN = ["import os", "print('one two   three')", r"x = '\040'",
         "for i in range(3): pass", "print('ä日')", "_HiStOrY_V2_", "# end"]
# As libedit writes them: https://man.openbsd.org/strvis.3, VIS_WHITE.
VIS = ("_HiStOrY_V2_\n"
       "import\\040os\n"
       "x\\040=\\040'\\\\040'\n"
       "ä\\^Jtwo\\040lines\n")
VIS_LINES = ["import os", r"x = '\040'", "ä\ntwo lines"]

SHOW = """\
import readline, sys
readline.read_history_file(sys.argv[1])
for number in range(readline.get_current_history_length()):
    print(ascii(readline.get_history_item(number + 1)))
"""
APPEND = """\
import readline, sys
readline.add_history("first")
readline.add_history("and a \\\\ second")
readline.set_history_length(int(sys.argv[3]))
readline.append_history_file(int(sys.argv[2]), sys.argv[1])
"""
WRITE = """\
import readline, sys
for number in range(5000):
    readline.add_history(f"entry {number}")
readline.set_history_length(int(sys.argv[2]))
readline.write_history_file(sys.argv[1])
"""
# Root may read everything.
AS_NOBODY = f"""\
import os, sys
os.setgroups([])
os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Files(unittest.TestCase):

    def setUp(self):
        self.home = Path(self.enterContext(os_helper.temp_dir()))
        # PYTHON_HISTORY is new in 3.13.
        self.path = self.home / ("history" if sys.version_info >= (3, 13)
                                 else ".python_history")

    def run_script(self, script, *arguments):
        return tree.run(sys.executable, "-X", "utf8", "-c", script,
                        self.path, *map(str, arguments))

    def lines(self):
        """What the readline module finds in the file."""
        shown = self.run_script(SHOW).splitlines()
        return [eval(line) for line in shown]

    def session(self, *keys, basic, argv=()):
        variables = {"PYTHON_BASIC_REPL": "1"} if basic else {}
        terminal = self.enterContext(Terminal(
            [sys.executable, *argv, "-q"],
            environment("xterm-256color", self.home, LC_ALL="C.UTF-8",
                        **variables)))
        terminal.expect(">>> ")
        for line in keys:
            terminal.type(*line, "\r")
            # An editor shows the prompt of this line anew when it gets an
            # older one, so look for the prompt of the next line.
            terminal.expect("\n")
            terminal.expect(">>> ")
        terminal.type(CONTROL_D)
        self.assertEqual(terminal.ended(), 0)
        return terminal


class SessionTests(Files):
    """One session at the prompt, with a file that is there already."""

    def check_kept(self, text, lines):
        for basic in True, False:
            with self.subTest(basic=basic):
                self.path.write_text(text, "utf-8")
                self.session("y = 'new  line'", basic=basic)
                self.assertEqual(self.path.read_text("utf-8").splitlines(),
                                 [*lines, "y = 'new  line'"])

    def test_plain(self):
        self.check_kept("\n".join(PLAIN) + "\n", PLAIN)

    def test_without_end_of_line(self):
        self.check_kept("\n".join(PLAIN), PLAIN)

    @unittest.skipIf(tree.GPL, "GNU readline does not know the format")
    def test_of_libedit(self):
        for basic in True, False:
            with self.subTest(basic=basic):
                self.path.write_text("_HiStOrY_V2_\nx\\040=\\0401\n")
                self.session((UP, "+", "1"), basic=basic)
                self.assertEqual(self.path.read_text(), "x = 1\nx = 1+1\n")

    def test_in_turn(self):
        """Each of the two prompts finds what the other has written."""
        self.path.write_text("print(100)\n")
        for basic in (True, False, True, False):
            self.session((UP, *"\b+1)"), basic=basic)
        self.assertEqual(self.path.read_text().splitlines()[-1],
                         "print(100+1+1+1+1)")

    @unittest.skipIf(sys.version_info < (3, 13),
                     "the edit is left out: CPython's own behaviour")
    def test_unreadable(self):
        """What cannot be read is not replaced by one session's lines."""
        argv = ()
        self.path.write_text("print(100)\n")
        self.path.chmod(0o200)
        if os.geteuid() == 0:
            os.chown(self.path, NOBODY, NOBODY)
            os.chown(self.home, NOBODY, NOBODY)
            argv = ("-c", AS_NOBODY)
            if children.run([sys.executable, *argv, "-c", "pass"],
                            stderr=subprocess.DEVNULL).returncode:
                self.skipTest("this Python is root's alone")
        for basic in True, False:
            with self.subTest(basic=basic):
                self.session("x = 2", basic=basic, argv=argv)
                self.path.chmod(0o600)
                # The new REPL of 3.14 appends, which needs no reading.
                added = "" if basic or sys.version_info < (3, 14) else (
                    "x = 2\n")
                self.assertEqual(self.path.read_text(),
                                 f"print(100)\n{added}")
                self.path.chmod(0o200)


class FormatTests(Files):
    """What the readline module reads and writes."""

    def test_plain(self):
        self.path.write_text("\n".join(PLAIN) + "\n\n", "utf-8")
        self.assertEqual(self.lines(), PLAIN)

    def test_carriage_return(self):
        """CPython's REPL has it where an entry goes on."""
        self.path.write_bytes(b"if x:\r\n    pass\nprint()\n")
        self.assertEqual(self.lines(), ["if x:", "    pass", "print()"])

    @unittest.skipIf(tree.GPL, "GNU readline does not know the format")
    def test_of_libedit(self):
        self.path.write_text(VIS, "utf-8")
        self.assertEqual(self.lines(), VIS_LINES)

    @unittest.skipIf(tree.GPL, "GNU readline drops what comes after")
    def test_zeros(self):
        """A crash of the system may leave them."""
        self.path.write_bytes(b"one\n\0\0\0\0two\nthr\0ee\n\0\0")
        self.assertEqual(self.lines(), ["one", "two", "three"])

    def test_empty_and_missing(self):
        self.path.touch()
        self.assertEqual(self.lines(), [])
        self.path.unlink()
        with self.assertRaisesRegex(AssertionError, "FileNotFoundError"):
            self.lines()
        self.path.mkdir()
        with self.assertRaisesRegex(AssertionError, "OSError|IsADir"):
            self.lines()

    def test_append(self):
        new = ["first", "and a \\ second"]
        for count in 0, 1, 2:
            with self.subTest(count=count):
                self.path.write_text("old\n")
                self.run_script(APPEND, count, -1)
                self.assertEqual(self.path.read_text().splitlines(),
                                 ["old", *new[2 - count:]])
                self.assertEqual(self.lines(), ["old", *new[2 - count:]])

    @unittest.skipIf(tree.GPL, "GNU readline does not know the format")
    def test_append_to_libedit_s(self):
        """A file has one format, and what older Pythons wrote keeps it."""
        self.path.write_text(VIS, "utf-8")
        self.run_script(APPEND, 2, -1)
        self.assertTrue(self.path.read_text("utf-8").startswith(VIS))
        self.assertEqual(self.lines(),
                         [*VIS_LINES, "first", "and a \\ second"])
        self.run_script(APPEND, 1, 3)
        self.assertEqual(self.lines(), ["first", *["and a \\ second"] * 2])

    def test_limit(self):
        for limit, left in ((-1, 5000), (0, 0), (1, 1), (2, 2), (4999, 4999),
                            (5000, 5000), (9000, 5000)):
            with self.subTest(limit=limit):
                self.run_script(WRITE, limit)
                self.assertEqual(
                    self.path.read_text().splitlines(),
                    [f"entry {number}" for number in range(5000 - left, 5000)])


if __name__ == "__main__":
    unittest.main()
