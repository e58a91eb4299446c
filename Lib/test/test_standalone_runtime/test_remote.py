"""Test the tools of CPython that look into another running Python."""

import os
import socket
import subprocess
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import children, tree

# Whoever runs the tests may look into it, whatever Yama says:
# https://www.kernel.org/doc/html/latest/admin-guide/LSM/Yama.html
OPEN = """\
import contextlib, ctypes
PR_SET_PTRACER, ANY = 0x59616d61, ctypes.c_ulong(-1)
ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANY, 0, 0, 0)
"""
TASKS = OPEN + """\
import asyncio

async def inner():
    print("ready", flush=True)
    await asyncio.sleep(600)

async def outer():
    async with asyncio.TaskGroup() as group:
        group.create_task(inner(), name="a worker")

asyncio.run(outer())
"""
BUSY = OPEN + """\
def inner():
    return sum(range(1000))

def outer():
    while True:
        inner()

print("ready", flush=True)
outer()
"""


def may_look():
    """Does the kernel let a process read another one of the same user?"""
    try:
        # A container may forbid it, with seccomp for example.
        with Target(TASKS) as target:
            memory = os.open(f"/proc/{target.pid}/mem", os.O_RDONLY)
    except OSError:
        return False
    os.close(memory)
    return True


class Target(children.Child):
    """A Python that runs *program* and is ready."""

    def __init__(self, program, python=None):
        super().__init__([python or tree.PYTHON, "-c", program],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
        self.assert_line("ready")

    def assert_line(self, expected):
        line = self.stdout.readline().strip()
        if line != expected:
            self.end()
            raise AssertionError(f"{line!r}, not {expected!r}")


class BuiltInTests(unittest.TestCase):

    def test_asyncio(self):
        """Not in a file of its own, where 3.14 would look for it."""
        self.assertIn("_asyncio", sys.builtin_module_names)


@unittest.skipUnless(sys.version_info >= (3, 14), "new in 3.14")
class RemoteTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        if not may_look():
            raise unittest.SkipTest("no process may look into another here")
        cls.directory = Path(cls.enterClassContext(os_helper.temp_dir()))

    @unittest.skipIf(sys.version_info < (3, 15)
                     and not str(tree.PREFIX).isascii(),
                     "3.14 misreads non-ASCII file names: gh-149214")
    def test_tasks(self):
        with Target(TASKS) as target:
            listed = tree.run(tree.PYTHON, "-m", "asyncio", "ps",
                              str(target.pid))
            drawn = tree.run(tree.PYTHON, "-m", "asyncio", "pstree",
                             str(target.pid))
        self.assertRegex(listed, r"a worker .*inner")
        self.assertRegex(drawn, r"(?s)Task-1.*outer.*a worker.*inner")

    def remote(self, target, python):
        """Have *python* run a script in *target*."""
        script = self.directory / "script.py"
        script.write_text("import sys\nprint(sys.version, flush=True)\n")
        tree.run(python, "-c", "import sys; sys.remote_exec("
                 f"{target.pid}, {str(script)!r})")
        target.assert_line(sys.version.replace("\n", ""))

    def test_script(self):
        copied = tree.copy_to(self.directory)
        for other in tree.PYTHON, copied / "bin" / "python3":
            for target in tree.PYTHON, copied / "bin" / "python3":
                with (self.subTest(other=other, target=target),
                      Target(BUSY, target) as child):
                    self.remote(child, other)

    def test_debugger(self):
        try:
            socket.getaddrinfo("localhost", 0)
        except OSError as exc:
            self.skipTest(f"pdb -p connects to localhost: {exc}")
        with Target(BUSY) as target:
            with children.Child(
                    [tree.PYTHON, "-m", "pdb", "-p", str(target.pid)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True) as debugger:
                said, _ = debugger.communicate("where\nquit\n", 60)
            self.assertIn("outer()", said)
            self.assertIsNone(target.poll())

    @unittest.skipUnless(sys.version_info >= (3, 15), "new in 3.15")
    def test_profiler(self):
        with Target(BUSY) as target:
            said = tree.run(tree.PYTHON, "-m", "profiling.sampling", "attach",
                            "--duration", "2", str(target.pid))
        self.assertIn("inner", said)


if __name__ == "__main__":
    unittest.main()
