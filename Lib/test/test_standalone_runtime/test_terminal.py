"""Use a terminal like a person: arrows, backspace, history, completion."""

import os
import sys
import unittest

from test.test_standalone_runtime import tree
from test.test_standalone_runtime.entries import (
    RARE,
    hide_databases,
    requires_chroot,
)
from test.test_standalone_runtime.sessions import (
    HAS_NEW_PROMPT,
    TERMINALS,
    WITHOUT_COLOUR,
    Sessions,
)
from test.test_standalone_runtime.terminal import (
    CONTROL_D,
    DOWN,
    LEFT,
    RIGHT,
    UP,
)

INPUT = """\
import os, readline, rlcompleter
before = dict(os.environb)
readline.parse_and_bind("tab: complete")
word = "w"
while (line := input(">>> ")) != "exit":
    print(eval(line))
assert dict(os.environb) == before
"""
FULL_SCREEN = """\
import curses, curses.panel, os, subprocess, sys

def main(screen):
    colours = curses.has_colors()
    if colours:
        curses.init_pair(1, curses.COLOR_RED, curses.COLOR_GREEN)
    panel = curses.panel.new_panel(curses.newwin(3, 30, 2, 2))
    panel.window().addstr(1, 1, "wide: \\u0416",
                          curses.color_pair(1) if colours else 0)
    curses.panel.update_panels()
    curses.doupdate()
    row = 10
    while (key := screen.getkey()) != "q":
        screen.addstr(row, 5, f"<{key}> {'in colour' if colours else ''}")
        row += 1

def child():
    return subprocess.check_output([sys.executable, "-c",
        "import os; print(sorted(os.environb.items()))"])

before = child()
curses.wrapper(main)
assert child() == before
print("done")
"""


class SessionTests(Sessions):
    """What is typed and what comes, on terminals that differ."""

    def test_new(self):
        for term in TERMINALS:
            with self.subTest(TERM=term):
                self.check_prompt(term, basic=False)

    def test_basic(self):
        """libedit, or GNU readline."""
        for term in TERMINALS:
            with self.subTest(TERM=term):
                self.check_prompt(term, basic=True)

    def test_input(self):
        """input() edits lines with readline once that is imported."""
        for term in TERMINALS:
            with self.subTest(TERM=term):
                terminal = self.start(term, "-c", INPUT)
                terminal.expect(">>> ")
                self.check_editing(terminal, show="{}")
                terminal.type(*"exit\r")
                self.assertEqual(terminal.ended(), 0)

    def test_full_screen(self):
        # A chroot with nothing but the C library has no such locale.
        codeset = tree.run(
            sys.executable, "-X", "utf8=0", "-c",
            "import locale; print(locale.nl_langinfo(locale.CODESET))",
            env={"LC_ALL": "C.UTF-8"})
        text = "wide: \u0416" if codeset == "UTF-8" else "wide: "
        for term in TERMINALS:
            with self.subTest(TERM=term):
                terminal = self.start(term, "-X", "utf8", "-c", FULL_SCREEN,
                                      LC_ALL="C.UTF-8")
                terminal.expect(text)
                for key, name in ((LEFT, "LEFT"), (UP, "UP"),
                                  (RIGHT, "RIGHT"), (DOWN, "DOWN")):
                    terminal.type(key)
                    terminal.expect(f"{name}>")
                self.assertEqual(b"in colour" in terminal.output,
                                 term not in WITHOUT_COLOUR)
                terminal.type("q")
                terminal.expect("done")
                self.assertEqual(terminal.ended(), 0)

    def test_sequences_are_the_terminal_s_own(self):
        """No other speaks to its cursor and keyboard as the HP does."""
        for argv in (("-c", FULL_SCREEN), ("-q",))[:1 + HAS_NEW_PROMPT]:
            for term in (RARE, "xterm-256color"):
                with self.subTest(argv=argv, TERM=term):
                    terminal = self.start(term, *argv)
                    terminal.expect("wide" if "-c" in argv else ">>> ")
                    terminal.type("a", LEFT, "b", LEFT)
                    self.assertEqual(b"\x1b&" in terminal.output,
                                     term == RARE)


@requires_chroot
class WithoutDatabaseTests(SessionTests):
    """The same where the system knows no terminal at all."""

    def setUp(self):
        super().setUp()
        hide_databases(self)


class PromptTests(Sessions):
    """What does not depend on the kind of the terminal."""

    def test_history_is_kept(self):
        """Of this session, and of those before it."""
        history = os.path.join(self.home, "history" if HAS_NEW_PROMPT
                               else ".python_history")
        for basic in (False, True):
            with self.subTest(basic=basic):
                with open(history, "w") as file:
                    file.write("print('as  GNU readline writes it')\n")
                terminal = self.prompt("xterm-256color", basic=basic)
                terminal.type(*f"print(70{basic:d}+20)\r")
                terminal.expect(f"72{basic:d}")
                terminal.expect(">>> ")
                terminal.type(CONTROL_D)
                self.assertEqual(terminal.ended(), 0)
                terminal = self.prompt("xterm-256color", basic=basic)
                terminal.type(UP, LEFT, *"+100\r")
                terminal.expect(f"82{basic:d}")
                terminal.expect(">>> ")
                terminal.type(UP, UP, UP, "\r")
                terminal.expect("as  GNU readline writes it\r\n")

    def test_unknown_and_dumb(self):
        for term in ("dumb", "no-such-terminal"):
            with self.subTest(TERM=term):
                terminal = self.start(term, "-q")
                terminal.expect(">>> ")
                terminal.type(*"print(6*111)\r")
                terminal.expect("666")
                terminal.expect(">>> ")
                terminal.type(CONTROL_D)
                self.assertEqual(terminal.ended(), 0)
                self.assertNotIn(b"Traceback", terminal.output)

    def test_interrupt(self):
        terminal = self.prompt("xterm-256color", basic=False)
        terminal.type(*"import time; time.sleep(60)\r", "\x03")
        terminal.expect("KeyboardInterrupt")
        terminal.expect(">>> ")


if __name__ == "__main__":
    unittest.main()
