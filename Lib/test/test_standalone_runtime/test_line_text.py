"""Text beyond ASCII at the prompt, whatever the C library's locale is."""

import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.terminal import (
    BACKSPACE,
    LEFT,
    TAB,
    UP,
    Terminal,
    environment,
)

# Python speaks UTF-8 in all of them: https://peps.python.org/pep-0538/,
# https://peps.python.org/pep-0540/.
LOCALES = {
    "UTF-8": {"LC_ALL": "C.UTF-8"},
    "C, coerced": {},
    "C, not coerced": {"LC_ALL": "C"},
    "C, coercion off": {"PYTHONCOERCECLOCALE": "0"},
    "not installed": {"LC_ALL": "xx_XX.UTF-8"},
}
TEXT = "né日本🙂"
ASK = """\
import readline
WORDS = ("größer", "größte", "日本語", "café", "cafè", "🙂!")
def complete(text, state):
    global found
    if state == 0:
        line = readline.get_line_buffer()
        begin, end = readline.get_begidx(), readline.get_endidx()
        seen.append((line[:begin], line[begin:end]))
        found = [word for word in WORDS if word.startswith(text)]
    return found[state] if state < len(found) else None
seen = []
readline.set_completer(complete)
readline.parse_and_bind("tab: complete")
while True:
    print("got", ascii(input("Größe? ")), ascii(seen))
    seen.clear()
"""
HISTORY = """\
import readline, sys
readline.add_history("ß日🙂")
readline.add_history("second")
readline.replace_history_item(1, "zweite: ä")
readline.write_history_file(sys.argv[1])
print("Größe:", ascii(input("Größe? ")))
readline.clear_history()
readline.read_history_file(sys.argv[1])
for number in range(1, readline.get_current_history_length() + 1):
    print(ascii(readline.get_history_item(number)))
readline.set_startup_hook(lambda: readline.insert_text("vorgegeben: ü"))
print("got", ascii(input("Größe? ")))
"""


class Prompts(unittest.TestCase):

    def setUp(self):
        self.home = Path(self.enterContext(os_helper.temp_dir()))

    def start(self, *argv, **variables):
        env = environment("xterm-256color", self.home)
        env = {name: value for name, value in env.items()
               if name != "LANG" and not name.startswith("LC_")}
        return self.enterContext(
            Terminal([sys.executable, *argv], {**env, **variables}))

    def in_each_locale(self, session, *argv, prompt="Größe? ", **variables):
        for name, locale in LOCALES.items():
            with self.subTest(locale=name):
                terminal = self.start(*argv, **variables, **locale)
                terminal.expect(prompt)
                session(terminal)


class TextTests(Prompts):

    def test_line(self):
        def session(terminal):
            terminal.type(*TEXT)
            # It is shown as it is, not as numbers.
            terminal.expect(TEXT[-1])
            self.assertNotIn(b"U+", terminal.output)
            terminal.type("\r")
            terminal.expect(f"got {TEXT!a}")

        self.in_each_locale(session, "-c", ASK)

    def test_editing(self):
        """One key moves over or deletes one character."""
        def session(terminal):
            terminal.type(*"ä日b", LEFT, LEFT, "ö", LEFT, LEFT, "X", "\r")
            terminal.expect("got " + ascii("Xäö日b"))
            terminal.expect("Größe? ")
            terminal.type(*"ä日🙂", BACKSPACE, BACKSPACE, "c", "\r")
            terminal.expect("got " + ascii("äc"))

        self.in_each_locale(session, "-c", ASK)

    def test_up(self):
        def session(terminal):
            terminal.type(*TEXT, "\r")
            terminal.expect("Größe? ")
            terminal.type(UP, BACKSPACE, "!", "\r")
            terminal.expect(f"got {TEXT[:-1] + '!'!a}")

        self.in_each_locale(session, "-c", ASK)

    def test_basic_repl(self):
        def session(terminal):
            terminal.type(*f"print(ascii('{TEXT}'))\r")
            terminal.expect(f"\n{TEXT!a}\r\n")

        self.in_each_locale(session, "-q", prompt=">>> ",
                            PYTHON_BASIC_REPL="1")

    @unittest.skipIf(tree.GPL, "for GNU readline, Python encodes otherwise")
    def test_completion(self):
        def session(terminal):
            # The place in the line is counted in characters.
            terminal.type(*"ä 日", TAB, "\r")
            terminal.expect("got {!a} {!a}".format(
                "ä 日本語", [("ä ", "日")]))
            terminal.expect("Größe? ")
            terminal.type(*"gr", TAB, "t", TAB, " ", "🙂", TAB, "\r")
            terminal.expect("got " + ascii("größte 🙂!"))
            # These have half of their last character in common.
            terminal.expect("Größe? ")
            terminal.type(*"ca", TAB, "è", TAB, "\r")
            terminal.expect("got " + ascii("cafè"))

        self.in_each_locale(session, "-c", ASK)

    @unittest.skipIf(tree.GPL, "for GNU readline, Python encodes otherwise")
    def test_history(self):
        path = self.home / "saved"

        def session(terminal):
            self.assertEqual(path.read_text("utf-8"), "ß日🙂\nzweite: ä\n")
            terminal.type(UP, "!", "\r")
            terminal.expect("Größe: " + ascii("zweite: ä!"))
            terminal.expect(ascii("ß日🙂"))
            terminal.expect(ascii("zweite: ä"))
            terminal.expect("Größe? ")
            terminal.expect("vorgegeben: ü")
            terminal.type("!", "\r")
            terminal.expect("got " + ascii("vorgegeben: ü!"))

        self.in_each_locale(session, "-c", HISTORY, path)


class UndecodableTests(Prompts):
    """What means nothing in the encoding is neither lost nor a crash."""

    def test_prompt(self):
        terminal = self.start(
            "-c", "import readline\nprint('got', ascii(input('Größe? ')))",
            LC_ALL="C.UTF-8", PYTHONIOENCODING="latin-1")
        terminal.type(*"word\r")
        terminal.expect("got 'word'")
        self.assertIn("Größe? ".encode("latin-1"), terminal.output)

    def test_without_utf8_mode(self):
        """In the locale C, Python has the bytes as lone surrogates."""
        terminal = self.start(
            "-X", "utf8=0", "-c",
            "import readline, sys\nline = input('? ')\n"
            "print('got', sys.stdin.encoding, line.encode('ascii',"
            " 'surrogateescape'))",
            LC_ALL="C", PYTHONCOERCECLOCALE="0")
        terminal.expect("? ")
        terminal.type(*"aé日\r")
        terminal.expect("got ascii " + ascii("aé日".encode()))


if __name__ == "__main__":
    unittest.main()
