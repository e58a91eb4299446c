"""Start an X server without a screen, and take pictures of its windows."""

import os
import select
import shutil
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from test.support import SHORT_TIMEOUT, sleeping_retry
from test.test_standalone_runtime import children


def requires_xvfb(test):
    """Skip a test if Xvfb is not installed."""
    return unittest.skipUnless(shutil.which("Xvfb"), "no Xvfb on PATH")(test)


class Display:
    """A context with a display of 640 x 480 pixels: 24 bits each."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        readable, writable = os.pipe()
        # Xvfb chooses a free number, and writes it when it is ready.
        self.server = children.Child(
            ["Xvfb", "-displayfd", str(writable), "-screen", "0",
             "640x480x24", "-fbdir", self.directory.name, "-nolisten", "tcp",
             "-noreset"],
            pass_fds=(writable,),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.close(writable)
        with os.fdopen(readable) as told:
            ready, _, _ = select.select([told], [], [], children.DEADLINE)
            number = told.readline().strip() if ready else ""
        if not number:
            self.__exit__()
            raise unittest.SkipTest("Xvfb does not start here")
        self.name = f":{number}"
        return self

    def __exit__(self, *exc):
        with self.directory, self.server:
            # When it is killed, it leaves its lock and its socket.
            self.server.terminate()
            _, self.said = self.server.communicate(timeout=SHORT_TIMEOUT)

    def pixels(self):
        """Rows of colours 0xRRGGBB.  The file is what `xwd` writes:
        https://www.x.org/releases/current/doc/man/man1/xwd.1.xhtml"""
        data = (Path(self.directory.name) / "Xvfb_screen0").read_bytes()
        header = struct.unpack_from(">25I", data)
        size, (width, height) = header[0], header[4:6]
        line, colours = header[12], header[19]
        start = size + 12 * colours
        return [[value & 0xFFFFFF for value in struct.unpack_from(
                    f"<{width}I", data, start + row * line)]
                for row in range(height)]

    def wait_for(self, is_there):
        """Wait until *is_there* says so of the set of all colours."""
        for _ in sleeping_retry(SHORT_TIMEOUT, error=False):
            colours = {value for row in self.pixels() for value in row}
            if is_there(colours):
                return colours
        raise AssertionError(f"only these colours: {sorted(colours)[:9]}")
