"""Test what debuggers and profilers see of a running Python."""

import os
import shutil
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree

# `make check` puts these next to the tree.
DEBUGINFO = tree.PREFIX.parent / "debuginfo"

# Where gdb stops it, builtin_id() is the function that runs.
PROGRAM = """\
def inner():
    return id(6 * 7)

def outer():
    return inner()

outer()
"""
# builtin_id() is called by Python code that C code called.
NESTED = """\
def key(value):
    return id(value)

def middle(values):
    return sorted(values, key=key)

middle([6 * 7])
"""
BUSY = """\
import time

def inner():
    return sum(range(1000))

def outer():
    end = time.monotonic() + 3
    while time.monotonic() < end:
        inner()

outer()
"""

# The chain of frame pointers, with no help of unwinding information.
WALK = """\
import gdb
frame = int(gdb.parse_and_eval("(long)$fp"))
memory = gdb.selected_inferior()
word = lambda place: int.from_bytes(memory.read_memory(place, 8), "little")
for _ in range(12):
    print("through", gdb.execute(f"info symbol {word(frame + 8)}",
                                 to_string=True))
    frame = word(frame)
"""


@tree.requires_tool("gdb")
@unittest.skipUnless(DEBUGINFO.is_dir(), f"no {DEBUGINFO}")
class GdbTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(os.path.realpath(
            cls.enterClassContext(os_helper.temp_dir())))
        cls.copied = tree.copy_to(cls.directory)
        shutil.copytree(DEBUGINFO, cls.copied, symlinks=True,
                        dirs_exist_ok=True)
        cls.program = cls.directory / "program.py"
        cls.program.write_text(PROGRAM)
        cls.nested = cls.directory / "nested.py"
        cls.nested.write_text(NESTED)
        (cls.directory / "walk.py").write_text(WALK)

    def gdb(self, *commands, trusted=True, program=None):
        words = [word for command in commands for word in ("-ex", command)]
        if trusted:
            words = ["-iex", f"add-auto-load-safe-path {self.copied}", *words]
        return tree.run("gdb", "-nx", "-batch", "-iex",
                        "set startup-with-shell off", *words, "--args",
                        self.copied / "bin" / tree.PYTHON.name,
                        program or self.program, cwd=self.directory,
                        env={"HOME": self.directory})

    def stopped(self, *commands, program=None):
        """What gdb says in builtin_id()."""
        said = self.gdb("break builtin_id", "run", *commands, program=program)
        if "ptrace" in said and "not permitted" in said:
            self.skipTest("gdb may not trace processes here")
        return said

    def test_python_frames(self):
        said = self.stopped("py-bt", "py-up", "py-list")
        self.assertIn(f'File "{self.program}", line 2, in inner', said)
        self.assertIn(f'File "{self.program}", line 5, in outer', said)
        self.assertIn("return inner()", said)

    def test_frames_of_two_loops(self):
        """sorted() calls the interpreter's loop again."""
        # py-up may stop at the three functions in C between them.
        said = self.stopped("py-bt", *["py-up"] * 4, "py-locals",
                            program=self.nested)
        self.assertIn(f"for file {self.nested}, line 5, in middle", said)
        self.assertIn("values = [42]", said)
        self.assertRegex(said, r"(?s)line 2, in key.*line 5, in middle.*"
                               r"line 7, in <module>")

    def test_native_frames(self):
        said = self.stopped("bt")
        self.assertRegex(said, r"builtin_id .* at .*bltinmodule\.c(\.h)?:\d+")
        self.assertRegex(said, r"Py_RunMain .* at .*main\.c:\d+")

    def test_frame_pointers(self):
        """As perf and py-spy --native follow them."""
        said = self.stopped("source walk.py")
        self.assertRegex(said, "through _PyEval_EvalFrameDefault")
        self.assertRegex(said, "through (Py_RunMain|pymain_run_file)")

    def test_library(self):
        [library] = self.copied.glob("lib/libpython3.*.so.1.0")
        for shared in (False, True):
            said = self.gdb(f"file '{library}'" if shared else "info files",
                            "info auto-load python-scripts")
            with self.subTest(shared=shared):
                self.assertRegex(said, f"Yes +.*{tree.PYTHON.name}-gdb.py")

    def test_untrusted(self):
        """gdb runs no script of a directory that its user did not name."""
        self.assertIn("auto-load safe-path", self.gdb(trusted=False))


class SamplingTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(self.enterContext(os_helper.temp_dir()))
        self.program = self.directory / "busy.py"
        self.program.write_text(BUSY)

    @tree.requires_tool("py-spy")
    def test_py_spy(self):
        samples = self.directory / "samples"
        tree.run("py-spy", "record", "--duration", "1", "--format", "raw",
                 "--output", samples, "--", tree.PYTHON, self.program)
        self.assertRegex(samples.read_text(),
                         r"<module> .*;outer .*;inner ")

    @tree.requires_tool("perf")
    def test_perf(self):
        """By frame pointers alone, out of a tree without debug files."""
        data = self.directory / "perf.data"
        # A virtual machine need not count cycles; it has a clock.
        try:
            tree.run("perf", "record", "--call-graph", "fp", "--event",
                     "cpu-clock:u", "--output", data, tree.PYTHON,
                     self.program)
        except AssertionError as exc:
            if "perf_event_paranoid" in str(exc):
                self.skipTest("perf may not sample here")
            raise
        samples = tree.run("perf", "script", "--fields", "ip,sym",
                           "--input", data).split("\n\n")
        whole = [sample for sample in samples
                 if "_PyEval_EvalFrameDefault" in sample
                 and "Py_BytesMain" in sample]
        self.assertGreater(len(whole), len(samples) / 2)


if __name__ == "__main__":
    unittest.main()
