"""Programs with windows that are part of the standard library."""

import json
import unittest

from test.test_standalone_runtime.display import requires_xvfb
from test.test_standalone_runtime.tree import (
    BIN,
    PREFIX,
    PYTHON,
    requires_tool,
    run,
)
from test.test_standalone_runtime.windows import NO_VARIABLES, WindowCase

# What a statement in the shell reports: where it runs, and that what it
# prints goes to the window.  The file appears when it is complete.
REPORT = """\
import json, os, sys
print("printed")
with open({name!r} + ".new", "w") as file:
    json.dump([os.getpid(), os.getppid(), sys.executable, sys.base_prefix,
               type(sys.stdout).__module__], file)
os.rename({name!r} + ".new", {name!r})
"""
# Types the last argument into the shell as soon as that is ready for it.
TYPE = """\
import sys
from idlelib import pyshell

*options, statement = sys.argv[1:]
begin = pyshell.PyShell.begin

def begin_and_type(shell):
    def press():
        shell.text.insert("insert", statement)
        shell.text.event_generate("<<newline-and-indent>>")

    ready = begin(shell)      # writes the prompt
    shell.text.after_idle(press)
    return ready

pyshell.PyShell.begin = begin_and_type
sys.argv[1:] = ["-i", *options]
pyshell.main()
"""
DEMO = """\
from turtledemo.__main__ import DemoWindow
window = DemoWindow()
window.root.geometry("640x480+0+0")
window.loadfile("peace")
window.root.after(100, window.start_btn.invoke)
window.root.mainloop()
"""
# seagreen4 and orchid4, which nothing else on the screen has.
DEMO_COLOURS = {0x2E8B57, 0x8B4789}


class StartTests(unittest.TestCase):

    @requires_tool("sh")
    def test_script(self):
        """bin/idle3 finds the interpreter next to it, and needs no display
        for its help."""
        self.assertIn("USAGE: idle", run(BIN / "idle3", "-h",
                                         env=NO_VARIABLES))


@requires_xvfb
class IdleTests(WindowCase):
    """The shell, in a process of its own and in the same one (-n)."""

    def setUp(self):
        super().setUp()
        self.done = self.scratch / "done"
        self.report = REPORT.format(name=str(self.done))

    def assertReported(self, process, *, apart):
        self.display.wait_for(lambda _: self.done.exists())
        pid, parent, executable, prefix, stdout = json.loads(
            self.done.read_text())
        self.done.unlink()
        self.assertEqual(parent if apart else pid, process.pid)
        self.assertEqual((executable, prefix), (str(PYTHON), str(PREFIX)))
        self.assertEqual(stdout, "idlelib.run")
        self.assertIsNone(process.poll())
        process.end()

    def test_command(self):
        for options in (), ("-n",):
            with self.subTest(options):
                process = self.start("-m", "idlelib", *options, "-c",
                                     self.report)
                self.assertReported(process, apart=not options)

    def test_typed(self):
        source = self.scratch / "report.py"
        source.write_text(self.report)
        for options in (), ("-n",):
            with self.subTest(options):
                process = self.start(
                    "-c", TYPE, *options,
                    f"import runpy; runpy.run_path({str(source)!r})")
                self.assertReported(process, apart=not options)


@requires_xvfb
class TurtleDemoTests(WindowCase):

    def test_in_the_viewer(self):
        self.start("-c", DEMO)
        self.display.wait_for(DEMO_COLOURS.issubset)

    def test_alone(self):
        self.start("-m", "turtledemo.peace")
        self.display.wait_for(DEMO_COLOURS.issubset)


if __name__ == "__main__":
    unittest.main()
