"""A person at the prompt: arrows, backspace, history, completion."""

import os
import sys
import unittest

from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.terminal import (
    BACKSPACE,
    CONTROL_D,
    TAB,
    Terminal,
)

LEFT, UP = ("left",), ("up",)

# Those that Tools/standalone/recipes/ncurses.py compiles in, so that they
# work where there is no database or an old one.
TERMINALS = """
    alacritty ansi contour cygwin dumb eterm-color foot ghostty
    gnome-256color hterm-256color kitty konsole-256color linux mlterm
    ms-terminal nsterm putty-256color rio rxvt-256color screen
    screen-256color screen.xterm-256color st-256color tmux tmux-256color
    vt100 vt102 vt220 vte-256color wezterm xterm xterm-256color xterm-color
    xterm-direct xterm-ghostty xterm-kitty
""".split()
CLEAN = {"TERMINFO": None, "TERMINFO_DIRS": None, "COLUMNS": None,
         "LINES": None}


class REPLTests(unittest.TestCase):
    """Each kind of prompt, on terminals that differ in their keys."""

    def setUp(self):
        self.home = self.enterContext(os_helper.temp_dir())

    def start(self, term, *, basic):
        env = {name: value for name, value in os.environ.items()
               if name not in CLEAN and not name.startswith("PYTHON")}
        env.update(TERM=term, HOME=self.home, NO_COLOR="1",
                   PYTHON_HISTORY=os.path.join(self.home, "history"))
        if basic:
            env["PYTHON_BASIC_REPL"] = "1"
        terminal = self.enterContext(
            Terminal([sys.executable, "-q"], env))
        terminal.expect(">>> ")
        return terminal

    def check_editing(self, term, *, basic):
        terminal = self.start(term, basic=basic)
        with self.subTest("left arrow, insert"):
            terminal.type(*"print(1000+7)", LEFT, LEFT, "2", "3", "\r")
            terminal.expect("1237")
            terminal.expect(">>> ")
        with self.subTest("backspace"):
            terminal.type(*"print(500*88", BACKSPACE, *"+1)\r")
            terminal.expect("4001")
            terminal.expect(">>> ")
        with self.subTest("up arrow"):
            terminal.type(UP, LEFT, *"+60\r")
            terminal.expect("4061")
            terminal.expect(">>> ")
        with self.subTest("up arrow, twice"):
            terminal.type(UP, UP, UP, LEFT, *"+3000\r")
            terminal.expect("4237")
            terminal.expect(">>> ")
        with self.subTest("completion"):
            terminal.type(*"word = 'w'\r")
            terminal.expect(">>> ")
            terminal.type(*"word.swapc", TAB, *"*7\r")
            terminal.expect("WWWWWWW")
            terminal.expect(">>> ")
        terminal.type(CONTROL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_new(self):
        for term in ("xterm-256color", "vt100", "linux", "screen",
                     "tmux-256color", "xterm-kitty", "alacritty"):
            with self.subTest(TERM=term):
                self.check_editing(term, basic=False)

    def test_basic(self):
        """libedit."""
        for term in ("xterm-256color", "vt100", "linux", "xterm-kitty"):
            with self.subTest(TERM=term):
                self.check_editing(term, basic=True)

    def test_history_is_kept(self):
        for basic in (False, True):
            with self.subTest(basic=basic):
                terminal = self.start("xterm-256color", basic=basic)
                terminal.type(*f"print(70{basic:d}+20)\r")
                terminal.expect(f"72{basic:d}")
                terminal.expect(">>> ")
                terminal.type(CONTROL_D)
                self.assertEqual(terminal.wait(), 0)
                terminal = self.start("xterm-256color", basic=basic)
                terminal.type(UP, LEFT, *"+100\r")
                terminal.expect(f"82{basic:d}")

    def test_unknown_and_dumb(self):
        for term in ("dumb", "no-such-terminal"):
            with self.subTest(TERM=term):
                terminal = self.start(term, basic=False)
                terminal.type(*"print(6*111)\r")
                terminal.expect("666")
                terminal.expect(">>> ")
                terminal.type(CONTROL_D)
                self.assertEqual(terminal.wait(), 0)

    def test_interrupt(self):
        terminal = self.start("xterm-256color", basic=False)
        terminal.type(*"import time; time.sleep(60)\r", "\x03")
        terminal.expect("KeyboardInterrupt")
        terminal.expect(">>> ")

    def test_input(self):
        """input() edits lines with readline once that is imported."""
        env = {**os.environ, "TERM": "xterm-256color"}
        terminal = self.enterContext(Terminal(
            [sys.executable, "-c",
             "import readline; print(int(input('? ')) + 1)"], env))
        terminal.expect("? ")
        terminal.type(*"149", LEFT, "2", BACKSPACE, "5", "\r")
        terminal.expect("1460")


class TerminfoTests(unittest.TestCase):

    def test_compiled_in(self):
        for term in TERMINALS:
            with self.subTest(term):
                said = tree.run(
                    sys.executable, "-c", "import curses; "
                    "curses.setupterm(fd=1); "
                    "print(curses.tigetstr('cr') or curses.tigetstr('nel'),"
                    "curses.tigetnum('cols'))",
                    env={**CLEAN, "TERM": term, "HOME": "/nonexistent"})
                self.assertIn("\\r", said)

    def test_database(self):
        """What is shipped beside has more."""
        database = tree.PREFIX / "share" / "terminfo"
        count = sum(len(files) for _, _, files in os.walk(database))
        self.assertGreater(count, 1500)
        for term in (*TERMINALS, "wy50", "att610", "vt52"):
            self.assertTrue((database / term[0] / term).exists(), term)
        self.assertIn("[7;7H", tree.run(
            sys.executable, "-c", "import curses; curses.setupterm(fd=1); "
            "print(curses.tparm(curses.tigetstr('cup'), 6, 6))",
            env={**CLEAN, "TERM": "att610", "TERMINFO": database}))

    def test_full_screen(self):
        env = {**os.environ, "TERM": "xterm-256color"}
        program = (
            "import curses, curses.panel\n"
            "def main(screen):\n"
            "    curses.start_color()\n"
            "    panel = curses.panel.new_panel(curses.newwin(3, 20, 2, 2))\n"
            "    panel.window().addstr(1, 1, 'wide: \\u0416')\n"
            "    curses.panel.update_panels(); curses.doupdate()\n"
            "    key = screen.getkey()\n"
            "    assert key == 'KEY_LEFT', key\n"
            "curses.wrapper(main); print('done')\n")
        terminal = self.enterContext(Terminal(
            [sys.executable, "-X", "utf8", "-c", program],
            {**env, "LC_ALL": "C.UTF-8"}))
        terminal.expect("wide: \u0416")
        terminal.type(LEFT)
        terminal.expect("done")
        self.assertEqual(terminal.wait(), 0)


if __name__ == "__main__":
    unittest.main()
