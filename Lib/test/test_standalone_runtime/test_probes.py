"""USDT probes: where the notes say they are, and stopped at."""

import os
import struct
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree

# Those that CPython 3.13 has, as Debian's build has them, with the number
# of their arguments.  pydtrace.d names more, which nothing calls.
PROBES = {
    "audit": 2,
    "gc__done": 1,
    "gc__start": 1,
    "import__find__load__done": 2,
    "import__find__load__start": 1,
}
# Each import that was made, as "this: 1", and each collection of garbage.
GDB = """\
set startup-with-shell off
break -probe-stap python:import__find__load__done
commands
silent
printf "%s: %d\\n", $_probe_arg0, $_probe_arg1
continue
end
break -probe-stap python:gc__start
commands
silent
printf "generation %d\\n", $_probe_arg0
continue
end
run
"""
BPFTRACE = """\
usdt:./python:python:import__find__load__done
{ printf("%s: %d\\n", str(arg0), arg1); }
usdt:./python:python:gc__start
{ printf("generation %d\\n", arg0); }
"""


def sections(path):
    """Name → address and content of each section of an ELF64 file.

    https://gabi.xinuos.com/elf/03-sheader.html
    """
    data = path.read_bytes()
    start, = struct.unpack_from("<40xQ", data)
    size, number, names = struct.unpack_from("<58x3H", data)
    headers = [struct.unpack_from("<2I4Q", data, start + i * size)
               for i in range(number)]
    names_at = headers[names][4]
    found = {}
    for name, kind, _, address, offset, length in headers:
        name = data[names_at + name:].partition(b"\0")[0].decode()
        found[name] = (address, length,
                       b"" if kind == 8 else data[offset:offset + length])
    return found


def notes(content):
    """Each note: location, base, semaphore, provider, name, arguments.

    https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
    """
    while content:
        owner, length, kind = struct.unpack_from("<3I", content)
        assert (content[12:20], owner, kind) == (b"stapsdt\0", 8, 3)
        *places, texts = struct.unpack_from(f"<3Q{length - 24}s", content, 20)
        yield (*places, *texts.decode().split("\0")[:3])
        content = content[20 + (length + 3) // 4 * 4:]


class ProbesTests(unittest.TestCase):

    def files(self):
        yield tree.PYTHON
        yield from tree.PREFIX.glob("lib/libpython3.*.so.1.0")

    def test_notes(self):
        for path in self.files():
            with self.subTest(path.name):
                found = sections(path)
                probes = list(notes(found[".note.stapsdt"][2]))
                arguments = {name: len(text.split())
                             for *_, name, text in probes}
                self.assertEqual(arguments, arguments | PROBES)
                for _, base, _, provider, _, _ in probes:
                    self.assertEqual(provider, "python")
                    self.assertEqual(base, found[".stapsdt.base"][0])

    def test_places(self):
        """In the code, and counters in data that a tracer can write."""
        for path in self.files():
            found = sections(path)
            for location, _, semaphore, _, name, _ in notes(
                    found[".note.stapsdt"][2]):
                with self.subTest(path.name, probe=name):
                    for place, section in ((location, ".text"),
                                           (semaphore, ".probes")):
                        start, size, _ = found[section]
                        self.assertIn(place, range(start, start + size))


class TracerTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(self.enterContext(os_helper.temp_dir()))
        self.script = self.directory / "script"
        (self.directory / "program.py").write_text(
            "import gc; gc.collect(1); import this\n")
        # The tracers split their command at the spaces of a path.
        (self.directory / "python").symlink_to(tree.PYTHON)

    def assert_traced(self, said):
        lines = said.splitlines()
        for line in "gc: 1", "generation 1", "this: 1":
            self.assertIn(line, lines)

    @tree.requires_tool("gdb")
    def test_gdb(self):
        self.script.write_text(GDB)
        said = tree.run("gdb", "-nx", "-batch", "-x", "script", "--args",
                        "./python", "-I", "program.py", cwd=self.directory)
        if "ptrace" in said and "not permitted" in said:
            self.skipTest("gdb may not trace processes here")
        self.assert_traced(said)

    @tree.requires_tool("bpftrace")
    @unittest.skipUnless(os.geteuid() == 0, "bpftrace wants root")
    def test_bpftrace(self):
        self.script.write_text(BPFTRACE)
        try:
            said = tree.run("bpftrace", "script", "-c",
                            "./python -I program.py", cwd=self.directory)
        except AssertionError as exc:
            if "perf_event_open" in str(exc) or "not permitted" in str(exc):
                self.skipTest("bpftrace may not trace here")
            raise
        self.assert_traced(said)


if __name__ == "__main__":
    unittest.main()
