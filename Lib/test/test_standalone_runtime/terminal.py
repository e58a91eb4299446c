"""A terminal as a person has one, for a program in a pty."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from test.support import SHORT_TIMEOUT

TAB, BACKSPACE, CONTROL_D = "\t", "\x7f", "\x04"
_FINAL = {"up": "A", "down": "B", "right": "C", "left": "D"}
# CSI sequences, character sets, modes of the keypad, and delays that
# terminfo asks for: what is no text.
_ESCAPES = re.compile(rb"\x1b\[[0-9;?>=]*[ -/]*[@-~]|\x1b[()][0-9A-B]|"
                      rb"\x1b[=>78cDEHM]|\x1b\][^\x07]*\x07|\$<[0-9]+>")


class Terminal:
    """Runs *argv*; leave the context to end it."""

    def __init__(self, argv, env):
        self.output = b""
        self._seen = 0
        self._fd, inside = pty.openpty()
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            argv, env=env, stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY))
        os.close(inside)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._fd)

    def type(self, *keys):
        """Press keys one by one, as fast as a person would at most.

        A key is text, or ("up", ...) an arrow: it sends what terminals
        send, which depends on whether the program asked for application
        mode (DECCKM, https://vt100.net/docs/vt100-ug/chapter3.html).
        """
        for key in keys:
            if isinstance(key, tuple):
                asked = self.output.rfind(b"\x1b[?1h")
                lead = ("\x1bO" if asked > self.output.rfind(b"\x1b[?1l")
                        else "\x1b[")
                key = lead + _FINAL[key[0]]
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

    def wait(self):
        """Let the program end; its exit code."""
        while self._read(SHORT_TIMEOUT):
            pass
        return self._process.wait(SHORT_TIMEOUT)

    def _text(self):
        return _ESCAPES.sub(b"", self.output)

    def _read(self, seconds):
        """Take what comes within *seconds*; False at the end."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if ready:
            try:
                data = os.read(self._fd, 10_000)
            except OSError:              # EIO: nobody has it open any more
                return False
            self.output += data
            return bool(data)
        return True
