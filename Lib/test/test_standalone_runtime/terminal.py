"""Run a program in a pty, type keys, and read the screen."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

from test.support import SHORT_TIMEOUT
from test.test_standalone_runtime import children

TAB, BACKSPACE, CONTROL_D = "\t", "\x7f", "\x04"
UP, DOWN, RIGHT, LEFT = ("A",), ("B",), ("C",), ("D",)
# Everything but text: CSI sequences, character sets, modes of the keypad,
# titles, delays that terminfo asks for, and what HP's terminals have for
# all of these.
_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?>=]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78cA-Z]|"
    rb"\x1b\][^\x07]*\x07|\$<[0-9]+>|\x1b&[a-z]([0-9]*[a-z])*[0-9]*[@-Z]")


def environment(term, home, **variables):
    """The environment of a person whose TERM and HOME these are: ours
    without what might decide for them."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("TERMINFO", "TERMINFO_DIRS", "COLUMNS", "LINES")
            and not name.startswith("PYTHON")}
    return {**kept, "TERM": term, "HOME": str(home), "NO_COLOR": "1",
            "PYTHON_HISTORY": os.path.join(home, "history"), **variables}


class Terminal:
    """Runs *argv*; leave the context to end it."""

    def __init__(self, argv, env):
        self.output = b""
        self._seen = 0
        self._is_hp = env.get("TERM", "").startswith("hp")
        self._fd, inside = pty.openpty()
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        self._process = children.Child(
            argv, env=env, stdin=inside, stdout=inside, stderr=inside,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY))
        os.close(inside)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.end()
        os.close(self._fd)

    def type(self, *keys):
        """Press keys one by one, as fast as a person would at most.

        A key is text, or UP, DOWN, RIGHT or LEFT.  These send what the
        terminal sends, which depends on whether the program asked for
        application mode (DECCKM,
        https://vt100.net/docs/vt100-ug/chapter3.html).
        """
        for key in keys:
            if isinstance(key, tuple):
                asked = self.output.rfind(b"\x1b[?1h")
                if self._is_hp:
                    lead = "\x1b"
                elif asked > self.output.rfind(b"\x1b[?1l"):
                    lead = "\x1bO"
                else:
                    lead = "\x1b["
                key = lead + key[0]
            os.write(self._fd, key.encode())
            self._read(0.05)

    def expect(self, text):
        """Wait until *text* comes after what was expected last."""
        end = time.monotonic() + SHORT_TIMEOUT
        while (found := self._text().find(text.encode(), self._seen)) < 0:
            if time.monotonic() > end or not self._read(1):
                raise AssertionError(
                    f"no {text!r} in what came: {self.output!r}")
        self._seen = found + len(text)

    def ended(self):
        """Let the program end; its exit code."""
        end = time.monotonic() + children.DEADLINE
        while self._read(1):
            if time.monotonic() > end:
                raise AssertionError(f"did not end: {self.output!r}")
        return self._process.wait(children.DEADLINE)

    def _text(self):
        return _ESCAPES.sub(b"", self.output)

    def _read(self, seconds):
        """Take what comes within *seconds*; False at the end."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if ready:
            try:
                data = os.read(self._fd, 10_000)
            except OSError:              # EIO: all processes have closed it
                return False
            self.output += data
            return bool(data)
        return True
