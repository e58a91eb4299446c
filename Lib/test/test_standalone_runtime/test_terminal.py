"""Use a terminal like a person: arrows, backspace, history, completion."""

import os
import sys
import unittest

from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.entries import (
    RARE,
    hide_databases,
    requires_chroot,
)
from test.test_standalone_runtime.terminal import (
    BACKSPACE,
    CONTROL_D,
    DOWN,
    LEFT,
    RIGHT,
    TAB,
    UP,
    Terminal,
    environment,
)

TERMINALS = (
    "xterm-256color", "tmux-256color", "screen", "linux", "alacritty",
    "xterm-kitty", "kitty", "foot", "wezterm", "xterm-ghostty", "ghostty",
    "vt100", RARE)
WITHOUT_COLOUR = ("vt100", RARE)

# The new prompt asks for pasted text to be marked, the basic one does not.
BRACKETED_PASTE = b"\x1b[?2004h"

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


class Sessions(unittest.TestCase):

    def setUp(self):
        self.home = self.enterContext(os_helper.temp_dir())

    def start(self, term, *argv, **variables):
        return self.enterContext(Terminal(
            [sys.executable, *argv],
            environment(term, self.home, **variables)))

    def prompt(self, term, *, basic):
        variables = {"PYTHON_BASIC_REPL": "1"} if basic else {}
        terminal = self.start(term, "-q", **variables)
        terminal.expect(">>> ")
        self.assertEqual(BRACKETED_PASTE in terminal.output, not basic)
        return terminal


class SessionTests(Sessions):
    """What is typed and what comes, on terminals that differ."""

    def check_editing(self, terminal, show="print({})"):
        before, after = show.split("{}")
        back = [LEFT] * len(after)
        for what, keys, answer in (
                ("left arrow, right arrow, insert",
                 [*before, *"1000+7", *after, *back, LEFT, LEFT, "2", RIGHT,
                  "3"], "10039"),
                ("backspace",
                 [*before, *"500*88", BACKSPACE, *"+1", *after], "4001"),
                ("up arrow",
                 [UP, *back, *"+60"], "4061"),
                ("up arrow, down arrow",
                 [UP, UP, UP, DOWN, UP, *back, *"+3000"], "13039"),
                ("completion",
                 [*before, *"word.swapc", TAB, *"*7", *after], "WWWWWWW")):
            with self.subTest(what):
                terminal.type(*keys, "\r")
                terminal.expect(answer)
                terminal.expect(">>> ")

    def check_prompt(self, term, *, basic):
        terminal = self.prompt(term, basic=basic)
        terminal.type(*"word = 'w'\r")
        terminal.expect(">>> ")
        self.check_editing(terminal)
        terminal.type(CONTROL_D)
        self.assertEqual(terminal.ended(), 0)

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
        for argv in (("-c", FULL_SCREEN), ("-q",)):
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
        history = os.path.join(self.home, "history")
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
