"""What is set up for GNU readline works, whichever library is used."""

import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.terminal import (
    TAB,
    UP,
    Terminal,
    environment,
)

ESCAPE = "\x1b"

ASK = """\
import readline, sys
def complete(text, state):
    found = [word for word in ("apple", "banana", "bandana", "cherry")
             if word.startswith(text)]
    return found[state] if state < len(found) else None
readline.set_completer(complete)
readline.parse_and_bind("")
{setup}
print("got", ascii(input("? ")))
"""
CMD = """\
import cmd
class Shell(cmd.Cmd):
    def do_greeting(self, rest):
        print("hello", rest)
    def complete_greeting(self, text, line, begin, end):
        return [f"{line[:begin]}|{text}|{end}"]
    def do_EOF(self, rest):
        return True
Shell().cmdloop()
"""
HOOKS = """\
import readline
def start():
    print("starting")
    readline.insert_text("one ")
def before_input():
    readline.insert_text(repr(readline.get_line_buffer()))
    readline.redisplay()
readline.set_startup_hook(start)
readline.set_pre_input_hook(before_input)
print("got", ascii(input("? ")))
readline.set_startup_hook(None)
readline.set_pre_input_hook(None)
print("got", ascii(input("? ")))
"""
COMPLETING = (
    "tab: complete", "TAB:complete", "Tab:  menu-complete",
    r'"\t": complete', r'"\C-i": complete', "Control-I: complete",
    r'"\x09": complete', r'"\011": complete')
INPUTRC = r"""
# A comment, with "tab: self-insert"
set bell-style none
set no-such-variable 5
$if mode=vi
  "\C-t": "in vi"
$else
  "\C-t": "6*1\x31\061"
$endif
$if NoSuchProgram
  $if mode=emacs
"\C-t": "inner"
  $else
"\C-t": "inner else"
  $endif
$include no-such-file
"\C-t": "skipped"
$else
Meta-q:"\"q\""
$endif
$if Python
"\C-xl": '"l"'
$endif
"\C-xn": no-such-function
	tab: complete
"""


class Typing(unittest.TestCase):

    def setUp(self):
        self.home = Path(self.enterContext(os_helper.temp_dir()))

    def start(self, *argv, **variables):
        return self.enterContext(Terminal(
            [sys.executable, *argv],
            environment("xterm-256color", self.home, **variables)))

    def check(self, setup, *keys, answer):
        """After *setup*, typing *keys* gives *answer*."""
        with self.subTest(setup=setup, keys=keys):
            terminal = self.start("-c", ASK.format(setup=setup))
            terminal.expect("? ")
            terminal.type(*keys, "\r")
            terminal.expect(f"got {answer!a}")

    def check_lines(self, lines, *keys, answer):
        self.check(f"for line in {lines!r}: readline.parse_and_bind(line)",
                   *keys, answer=answer)


class LineTests(Typing):
    """parse_and_bind(), with one line or some."""

    def test_tab(self):
        for line in COMPLETING:
            self.check_lines([line], *"app", TAB, answer="apple")

    def test_tab_without(self):
        self.check_lines(["set editing-mode emacs"], "a", TAB, "b",
                         answer="a\tb")
        self.check_lines(["tab: complete", "tab: tab-insert"], "a", TAB,
                         answer="a\t")

    def test_letters_are_typed(self):
        self.check_lines(["tab: complete"], *"tab b c", answer="tab b c")

    def test_functions(self):
        for line, keys, answer in (
                (r'"\C-t": beginning-of-line', ("b", "\x14", "a"), "ab"),
                ("Control-t: backward-char", ("ac", "\x14", "b"), "abc"),
                ("Meta-t: unix-line-discard", ("x", "\x1bt", "a"), "a"),
                (r'"\M-\C-t": kill-whole-line', ("x", "\x1b\x14", "a"), "a"),
                (r'"\C-x\C-t": backward-kill-word',
                 ("a b", "\x18\x14", "c"), "a c"),
                (r'"\e[1;5D": backward-word', ("bc", "\x1b[1;5D", "a"),
                 "abc")):
            self.check_lines([line], *keys, answer=answer)

    def test_macros(self):
        for line, keys, answer in (
                (r'Control-t: "a\"b\\"', ("\x14",), 'a"b\\'),
                (r'''"\C-t": 'a"M-x^A\\\'' ''', ("\x14",), 'a"M-x^A\\\''),
                (r'"\C-t": "b\C-aa"', ("\x14",), "ab")):
            self.check_lines([line], *keys, answer=answer)

    def test_vi(self):
        vi = "set editing-mode vi"
        self.check_lines([vi], "ac", ESCAPE, "i", "b", answer="abc")
        for lines in ([vi], [vi, "tab: complete"], ["tab: complete", vi]):
            self.check_lines(lines, *"app", TAB, answer="apple")
        self.check_lines([vi, "set keymap vi-command", '"q": end-of-line',
                          "set keymap vi-insert", r'"\C-t": "x"'],
                         "\x14", "b", ESCAPE, "0", "q", "a", "c",
                         answer="xbc")

    def test_back_from_vi(self):
        lines = ["tab: complete", r'"\C-t": "x"', "set editing-mode vi",
                 "set editing-mode emacs"]
        self.check_lines(lines, "\x14", " ", *"app", TAB, "\x01", "y",
                         answer="yx apple")

    def test_list_at_once(self):
        terminal = self.start("-c", ASK.format(
            setup="readline.parse_and_bind('tab: complete')\n"
                  "readline.parse_and_bind('set show-all-if-ambiguous on')"))
        terminal.expect("? ")
        terminal.type("b", TAB)
        terminal.expect("banana")
        terminal.expect("bandana")
        terminal.expect("? ban")

    def test_no_completion(self):
        self.check_lines(["tab: complete", "set disable-completion on"],
                         *"app", TAB, answer="app\t")

    @unittest.skipIf(tree.GPL, "GNU readline complains")
    def test_nonsense(self):
        """What means nothing does nothing, and says nothing."""
        terminal = self.start("-c", ASK.format(setup=(
            "for line in ('', ':', 'tab', 'tab:', 'set', 'set ', '$', '$if',"
            " '$endif', '$endif', '$else', '$endif', '\"', '\"a', '\"\\\\',"
            " '\"\\\\C-', 'a: \"', 'no-such-key: complete', 'x' * 5000,"
            " 'Control-', 'Control-:', 'Meta-: complete', '\"\": complete',"
            " '\"' + 'a' * 5000 + '\": \"' + 'b' * 5000):"
            " readline.parse_and_bind(line)")))
        terminal.expect("? ")
        self.assertEqual(terminal.output.strip(), b"?")
        terminal.type(*"xyz", "\r")
        terminal.expect("got 'xyz'")

    @unittest.skipIf(tree.GPL, "GNU readline has no such commands")
    def test_commands_of_libedit(self):
        for line in ("bind ^I rl_complete", r'bind "\t" rl_complete',
                     "python:bind ^I rl_complete"):
            self.check_lines([line], *"app", TAB, answer="apple")
        self.check_lines(["bind -s ^T xyz"], "\x14", answer="xyz")
        self.check_lines(["bind -v", "bind ^I rl_complete"], *"app", TAB,
                         answer="apple")


class FileTests(Typing):
    """Init files, named and found."""

    def check_inputrc(self, setup):
        self.check(setup, "\x14", " ", *"app", TAB, "\x1bq", "\x18l",
                   answer='6*111 apple"q""l"')

    def test_named(self):
        (self.home / "some file").write_text(INPUTRC)
        self.check_inputrc(
            f"readline.read_init_file({str(self.home / 'some file')!r})")

    def test_of_the_user(self):
        (self.home / ".inputrc").write_text(INPUTRC)
        self.check_inputrc("")

    def test_included(self):
        (self.home / "some").write_text(INPUTRC)
        (self.home / ".inputrc").write_text(
            f"$include {self.home / 'some'}\n$include {self.home}/.inputrc\n")
        self.check_inputrc("")

    def test_missing(self):
        self.check(
            "try: readline.read_init_file('no such file')\n"
            "except FileNotFoundError: sys.stdout.write('missing ')",
            "x", answer="x")

    @unittest.skipIf(tree.GPL, "GNU readline does not read it")
    def test_editrc(self):
        """libedit's own file goes before, and may have lines of either."""
        (self.home / ".editrc").write_text(
            "# a comment\nbind -s ^T abc\ntab: complete\n")
        (self.home / ".inputrc").write_text('"\\C-t": "wrong"\n')
        self.check("", "\x14", " ", *"app", TAB, answer="abc apple")

    def test_basic_repl(self):
        (self.home / ".inputrc").write_text("set editing-mode vi\n")
        startup = self.home / "startup.py"
        startup.write_text("import readline, rlcompleter\n"
                           "readline.parse_and_bind('tab: complete')\n")
        terminal = self.start("-q", PYTHON_BASIC_REPL="1",
                              PYTHONSTARTUP=str(startup))
        terminal.expect(">>> ")
        terminal.type(*"word = 'w'\r")
        terminal.expect(">>> ")
        terminal.type(*"print(word.swapc", TAB, *"*78)", ESCAPE, "h", "x",
                      "\r")
        terminal.expect("WWWWWWW\r\n")


class ProgramTests(Typing):
    """What the library's own programs set up."""

    def test_cmd(self):
        terminal = self.start("-c", CMD)
        terminal.expect("(Cmd) ")
        terminal.type(*"gree", TAB)
        terminal.expect("ting")
        terminal.type(*" ab", TAB, "\r")
        terminal.expect("hello greeting |ab|11")

    def test_pdb(self):
        script = self.home / "script.py"
        script.write_text("value_of_mine = 17\nprint()\n")
        terminal = self.start("-m", "pdb", script)
        terminal.expect("(Pdb) ")
        terminal.type(*"n\r")
        terminal.expect("(Pdb) ")
        terminal.type(*"p value_of_", TAB, *"+1\r")
        terminal.expect("18")

    def test_indentation(self):
        """On a blank line, rlcompleter inserts a tab and shows that."""
        self.check("import rlcompleter\n"
                   "readline.parse_and_bind('tab: complete')",
                   TAB, "a", answer="\ta")

    def test_hooks(self):
        terminal = self.start("-c", HOOKS)
        terminal.expect("starting")
        terminal.expect("? one 'one '")
        terminal.type("!", "\r")
        terminal.expect("got \"one 'one '!\"")
        terminal.expect("? ")
        terminal.type(UP, "?", "\r")
        terminal.expect("got \"one 'one '!?\"")


if __name__ == "__main__":
    unittest.main()
