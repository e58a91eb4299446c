"""The new prompt, which reads terminal descriptions itself since 3.14."""

import sys
import unittest

from _standalone_runtime.terminals import COMPILED_IN
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.entries import (
    CLEAN,
    OWN,
    hide_databases,
    requires_chroot,
)
from test.test_standalone_runtime.sessions import TERMINALS, Sessions
from test.test_standalone_runtime.terminal import CONTROL_D

OWN_READER = sys.version_info >= (3, 14)

# Both readers' answers, for every string that the prompt can ask for.  What
# it knows of some terminals without a description must not help it.
COMPARE = """\
import curses, os
from _pyrepl import terminfo
curses.setupterm(fd=1)
entry = terminfo.TermInfo(os.environ["TERM"], fallback=False)
for name in terminfo._STRING_NAMES:
    if entry.get(name) != curses.tigetstr(name):
        print(name, entry.get(name), curses.tigetstr(name))
print("compared")
"""

# "\x1b[200~" and "\x1b[201~" mark what is pasted.  A prompt that indented the
# lines, as it does while they are typed, would break them.
PASTED = ("\x1b[200~def f(n):\r"
          "    if n:\r"
          "        return n * 111\r"
          "    return 0\r"
          "\x1b[201~")

# As the prompt writes them: bold and magenta, bold and blue.
PROMPT, KEYWORD = b"\x1b[1;35m>>> ", b"\x1b[1;34mimport"


@unittest.skipIf(sys.version_info < (3, 13), "3.12 has only the basic REPL")
class PromptTests(Sessions):
    """Colours, editing and pasting, on terminals that differ."""

    def test_colours(self):
        """They change neither what is edited nor where the cursor is."""
        for term in TERMINALS:
            with self.subTest(TERM=term):
                terminal = self.prompt(term, basic=False, NO_COLOR="")
                self.assertIn(PROMPT, terminal.output)
                terminal.type(*"import this as word; word = 'w'", "\r")
                terminal.expect("explain")
                terminal.expect(">>> ")
                self.assertEqual(KEYWORD in terminal.output, OWN_READER)
                self.check_editing(terminal)
                terminal.type(CONTROL_D)
                self.assertEqual(terminal.ended(), 0)

    def test_no_colours(self):
        terminal = self.prompt("xterm-256color", basic=False)
        terminal.type(*"import this", "\r")
        terminal.expect("explain")
        self.assertNotIn(b"m>>> ", terminal.output)
        self.assertNotIn(KEYWORD, terminal.output)

    def test_paste(self):
        for term in TERMINALS:
            with self.subTest(TERM=term):
                terminal = self.prompt(term, basic=False, NO_COLOR="")
                terminal.type(PASTED)
                terminal.expect("return 0")     # all of it was read
                terminal.type("\r", *"f(6)\r")
                terminal.expect("666")
                terminal.expect(">>> ")
                self.assertNotIn(b"Error", terminal.output)


@requires_chroot
class WithoutDatabaseTests(PromptTests):
    """The same where the system knows no terminal at all."""

    def setUp(self):
        super().setUp()
        hide_databases(self)


@unittest.skipUnless(OWN_READER, "this version's prompt uses ncurses")
class ReaderTests(unittest.TestCase):
    """CPython's reader and ncurses find the same descriptions."""

    def check(self, term, **variables):
        self.assertEqual(tree.run(
            tree.PYTHON, "-c", COMPARE,
            env={**CLEAN, "TERM": term, **variables}), "compared")

    def test_every_terminal(self):
        # _pyrepl looks for Eterm among the names that begin with a small e.
        for term in sorted({*TERMINALS, *COMPILED_IN} - {"Eterm"}):
            with self.subTest(TERM=term):
                self.check(term)

    def test_own(self):
        for term in TERMINALS:
            with self.subTest(TERM=term):
                self.check(term, TERMINFO=OWN)


@requires_chroot
class ReaderWithoutDatabaseTests(ReaderTests):

    def setUp(self):
        hide_databases(self)


if __name__ == "__main__":
    unittest.main()
