"""Test what make bench measures: rounds, start-up, memory and size."""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.bench import clock, comparison, peer as peers, size, startup
from standalone.bench.benchmarks import Benchmark
from standalone.bench.ratios import Round
from standalone.bench.system import Failed, System
from standalone.bench.workers import Task

from . import benching


class RoundsTest(unittest.TestCase):
    """Which rounds are run, with workers that take no time."""

    def setUp(self):
        self.asked = []
        self.broken = set()
        self.tasks = [Task(Benchmark(name, Path(name), (), (), (3, 0)), 0,
                           name, 1) for name in ("a", "b")]

    def round(self, task, number):
        self.asked.append((task.name, number))
        if (task.name, number) in self.broken:
            raise Failed("broken")
        return Round((1.0, 1.0), (2.0, 2.0))

    def rounds(self, least, most, until):
        skipped = {}
        with contextlib.redirect_stdout(io.StringIO()):
            found = comparison._rounds(self, self.tasks, skipped, least,
                                       most, until)
        return {task.name: len(rounds)
                for task, rounds in found.items()}, skipped

    def test_in_turn(self):
        self.assertEqual(self.rounds(1, 2, float("inf")),
                         ({"a": 2, "b": 2}, {}))
        self.assertEqual(self.asked,
                         [("a", 0), ("b", 0), ("a", 1), ("b", 1)])

    def test_no_time(self):
        self.assertEqual(self.rounds(3, 9, 0), ({"a": 3, "b": 3}, {}))

    def test_one_that_breaks(self):
        self.broken = {("a", 1)}
        self.assertEqual(self.rounds(1, 3, float("inf")),
                         ({"b": 3}, {"a": "broken"}))

    def test_all_break(self):
        self.broken = {("a", 0), ("b", 0)}
        self.assertEqual(self.rounds(1, 3, float("inf")),
                         ({}, {"a": "broken", "b": "broken"}))


class StartupTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.top / "tmp").mkdir()
        self.where = System(self.top)
        self.python = peers.python(Path(sys.executable), self.where, "PEER")

    def measure(self, scripts, **changes):
        request = {"root": None, "env": {"PATH": "/usr/bin:/bin"},
                   "commands": {name: ["/bin/sh", "-c", script]
                                for name, script in scripts.items()},
                   "order": ["ours", "peer", "peer", "ours"], "runs": 1,
                   "evict": {}, **changes}
        return startup._clock(request)

    def test_clock(self):
        log = self.top / "log"
        seconds = self.measure({
            "ours": f"echo ours >> {log}; sleep 0.3",
            "peer": f"echo peer >> {log}"}, runs=2)
        self.assertEqual(log.read_text().split(), [
            "ours", "ours", "peer", "peer", "peer", "peer", "ours", "ours"])
        self.assertTrue(all(0.3 <= taken < 30 for taken in seconds[::3]))
        self.assertTrue(all(0 < taken < 30 for taken in seconds))

    def test_a_program_that_fails(self):
        with self.assertRaisesRegex(Failed, "/bin/sh failed with exit code 3"):
            self.measure({"ours": "exit 3", "peer": ":"})

    def test_evicted_files(self):
        # Missing files, and those of a memory file system, are ignored.
        path = self.top / "file"
        path.write_text("text")
        self.measure({"ours": ":", "peer": ":"}, evict={
            "ours": [str(path), "/none", "/proc/self/maps"]})
        self.assertEqual(path.read_text(), "text")

    def test_clock_is_a_program_of_its_own(self):
        text = Path(clock.__file__).read_text(encoding="utf-8")
        self.assertNotIn("import standalone", text)
        self.assertNotIn("from standalone", text)

    def test_files(self):
        files = startup._files(self.where, self.python)
        self.assertIn(str(Path(sys.executable).resolve()), files)
        self.assertTrue([name for name in files
                         if name.endswith("asyncio/__init__.py")])
        self.assertTrue([name for name in files if name.endswith(".pyc")])

    def test_the_first_run_of_another_python(self):
        # The program that runs the tools stays in memory.
        self.assertTrue(startup._is_ours(self.where, self.python))
        other = peers.Python(self.python.program, "other", {
            **self.python.facts, "executable": "/bin/sh"})
        with mock.patch.object(startup, "_RUNS", 1):
            found = startup.time(self.where, {
                "ours": self.python, "peer": other}, 1)
        self.assertEqual([*found], [*startup.CASES, startup.COLD_CASE])
        for rounds in found.values():
            self.assertEqual(len(rounds), 1)

    def test_memory(self):
        found = startup.memory(self.where, self.python)
        self.assertEqual([*found], [*startup.CASES])
        bare, imports = found["-S -c pass"], [*found.values()][-1]
        for memory in bare, imports:
            self.assertTrue(1e6 < memory.own < memory.resident < 1e9)
        self.assertLess(bare.resident, imports.resident)

    def test_a_python_without_a_module(self):
        broken = peers.Python(str(benching.program(
            self.top / "python",
            "#!/bin/sh\necho No module named ssl >&2; exit 1\n")), "", {})
        with self.assertRaisesRegex(Failed, "No module named ssl"):
            startup.memory(self.where, broken)


class SizeTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        files = {"bin/python3.13": 1000, "lib/libpython3.13.so.1.0": 2000,
                 "lib/some-triple-abi/libpython3.13.so.1": 100,
                 "lib/libpython3.12.so.1.0": 5, "lib/python3.13/os.py": 300,
                 "lib/python3.13/json/__init__.py": 40,
                 "lib/python3.13/config/libpython3.13.a": 50_000,
                 "lib/python3.13/test/support.py": 20_000,
                 "lib/python3.13/site-packages/pip/pip.py": 10_000}
        for name, length in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(length))
        (self.top / "lib/libpython3.13.so").symlink_to(
            "libpython3.13.so.1.0")
        os.link(self.top / "lib/python3.13/os.py",
                self.top / "lib/python3.13/same.py")
        (self.top / "lib/python3.13/broken.py").symlink_to("/none/none")
        self.python = peers.Python("", "", {
            "feature": (3, 13), "prefix": str(self.top),
            "executable": str(self.top / "bin/python3.13"),
            "library": str(self.top / "lib/python3.13")})

    def test_size(self):
        found = size.size(System(self.top), self.python)
        self.assertEqual((found.interpreter, found.libpython, found.library),
                         (1000, 2100, 340))
        # Random bytes: no smaller, and not much more.
        self.assertTrue(3400 < found.compressed < 6000, found.compressed)

    def test_tree(self):
        self.assertEqual(size.tree(self.top), 83_445)

    def test_in_another_root(self):
        root = self.top / "root"
        shutil.copytree(self.top / "bin", root / "usr/bin")
        found = size.size(System(self.top, root), peers.Python("", "", {
            "feature": (3, 13), "prefix": "/usr",
            "executable": "/usr/bin/python3.13", "library": "/usr/lib"}))
        self.assertEqual((found.interpreter, found.libpython, found.library),
                         (1000, 0, 0))


if __name__ == "__main__":
    unittest.main()
