"""Start Python on a terminal, and edit lines like a person."""

import sys
import unittest

from test.support import os_helper
from test.test_standalone_runtime.entries import RARE
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
HAS_NEW_PROMPT = sys.version_info >= (3, 13)


class Sessions(unittest.TestCase):

    def setUp(self):
        self.home = self.enterContext(os_helper.temp_dir())

    def start(self, term, *argv, **variables):
        return self.enterContext(Terminal(
            [sys.executable, *argv],
            environment(term, self.home, **variables)))

    def prompt(self, term, *, basic, **variables):
        if basic:
            variables["PYTHON_BASIC_REPL"] = "1"
        terminal = self.start(term, "-q", **variables)
        terminal.expect(">>> ")
        self.assertEqual(BRACKETED_PASTE in terminal.output,
                         HAS_NEW_PROMPT and not basic)
        return terminal

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

    def check_prompt(self, term, **options):
        terminal = self.prompt(term, **options)
        terminal.type(*"word = 'w'\r")
        terminal.expect(">>> ")
        self.check_editing(terminal)
        terminal.type(CONTROL_D)
        self.assertEqual(terminal.ended(), 0)
