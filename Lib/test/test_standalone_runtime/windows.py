"""Run programs with windows, and in an environment without variables."""

import _tkinter
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from test.test_standalone_runtime import children
from test.test_standalone_runtime.display import Display
from test.test_standalone_runtime.tree import PYTHON

TCL = f"tcl{_tkinter.TCL_VERSION}"
TK = f"tk{_tkinter.TK_VERSION}"
# The libraries.  Tk 9 is named after the Tcl that it works with, too.
LIBTCL = f"lib{TCL}.so"
LIBTK = f"lib{TK}.so" if _tkinter.TK_VERSION < "9" else f"libtcl9{TK}.so"
NO_VARIABLES = {"TCL_LIBRARY": None, "TK_LIBRARY": None, "DISPLAY": None}


class TemporaryDirectoryTest(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)


class WindowCase(TemporaryDirectoryTest):
    """A test with a display of its own."""

    def setUp(self):
        super().setUp()
        self.display = self.enterContext(Display())
        self.env = NO_VARIABLES | {
            "DISPLAY": self.display.name, "HOME": self.scratch}

    def start(self, *argv):
        """A process that is ended with the test."""
        return children.start(
            self, [PYTHON, *argv],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=dict(os.environ) | {
                name: str(value) for name, value in self.env.items()
                if value is not None})
