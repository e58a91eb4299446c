"""`make bench` with pyperformance, and the parts that it consists of.

pyperformance comes from the cache of downloads, where `make check-tools`
puts it.
"""

import contextlib
import ensurepip
import http.server
import io
import json
import os
import shutil
import socket
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path
from unittest import mock

from standalone.bench import (
    benchmarks,
    clock,
    comparison,
    peer as peers,
    size,
    startup,
)
from standalone.bench.benchmarks import Benchmark
from standalone.bench.ratios import Round
from standalone.bench.system import Failed, System
from standalone.bench.workers import Task, Workers
from standalone.core.errors import BuildError, FetchError, UsageError

from . import benching, loopback

PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))


def without_index(test):
    """Let pip find nothing but what it is given."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    test.enterContext(mock.patch.dict(os.environ, {
        "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0", "no_proxy": "127.0.0.1",
        "PIP_INDEX_URL": f"http://127.0.0.1:{port}/"}))


class BuiltTestCase(unittest.TestCase):
    """A build whose interpreter is the one that runs the tests."""

    def setUp(self):
        if not PIPS:
            self.skipTest("this Python comes without a bundled pip")
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config = benching.built(
            self.top, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        bundled = self.config.pristine / "Lib/ensurepip/_bundled"
        shutil.rmtree(bundled)
        bundled.mkdir()
        shutil.copy(PIPS[0], bundled)

    def results(self):
        return sorted(path.suffix for path in
                      self.config.layout.out.glob("bench-*"))


class PyperformanceTestCase(BuiltTestCase):

    #: Where pyperformance is installed, once for all tests.
    shared = None

    def setUp(self):
        super().setUp()
        without_index(self)
        if self.shared is None:
            made = tempfile.TemporaryDirectory()
            unittest.addModuleCleanup(made.cleanup)
            PyperformanceTestCase.shared = Path(made.name, "packages")
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    benchmarks.install(self.config, self.shared)
            except FetchError:
                pass             # setUp() of each test says so
        if not self.shared.is_dir():
            self.skipTest("pyperformance is not in the cache of downloads")
        self.known = benchmarks.load(self.shared)

    def install_fast(self):
        """Use what is installed already."""
        self.enterContext(mock.patch.object(
            benchmarks, "install",
            lambda config, packages: packages.symlink_to(self.shared)))


class EndToEndTest(PyperformanceTestCase):

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(comparison, "_ROUNDS", {
            "quick": (1, 2, 1)}))
        for name in "_RUNS", "_MEMORY_RUNS":
            self.enterContext(mock.patch.object(startup, name, 1))
        self.enterContext(mock.patch.object(size, "_LEVEL", 1))

    def bench(self, words, peer=sys.executable):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            comparison.bench(self.config, peer, "quick", words)
        return printed.getvalue()

    def test_this_python_against_itself(self):
        text = self.bench("nbody dask regex_effbot")
        self.assertRegex(text, r"round 2: \d+ s, geometric mean \d\.\d+\n")
        self.assertIn("not run: dask: needs dask", text)
        self.assertEqual(self.results(), [".json", ".svg"])
        [path] = self.config.layout.out.glob("bench-*.json")
        self.assertIn(f"{self.config.name}-vs-", path.name)
        found = json.loads(path.read_text())
        self.assertEqual({*found["speed"]["benchmarks"]},
                         {"nbody", "regex_effbot"})
        self.assertEqual([*found["speed"]["skipped"]], ["dask"])
        # The machine may be busy, but it is the same program.
        self.assertGreater(found["speed"]["ratio"]["value"], 0.5)
        self.assertLess(found["speed"]["ratio"]["value"], 2)
        for case, times in found["startup"].items():
            self.assertGreater(times["time_ratio"]["value"], 0.2, case)
            self.assertLess(times["time_ratio"]["value"], 5, case)
        self.assertEqual([*found["startup"]], [*startup.CASES])
        self.assertAlmostEqual(
            found["size"]["ours"]["library"] / found["size"]["peer"][
                "library"], 1)
        ET.parse(path.with_suffix(".svg"))
        self.assertFalse((self.config.layout.work / "bench").exists())

    def test_an_interrupted_run_leaves_nothing(self):
        self.install_fast()
        with (mock.patch.object(Workers, "round",
                                side_effect=KeyboardInterrupt),
              self.assertRaises(KeyboardInterrupt)):
            self.bench("nbody")
        self.assertEqual(self.results(), [])
        self.assertFalse((self.config.layout.work / "bench").exists())

    def test_nothing_that_can_be_run(self):
        self.install_fast()
        with self.assertRaises(BuildError) as caught:
            self.bench("dask")
        self.assertEqual(caught.exception.message,
                         "no benchmark could be run")
        self.assertIn("dask: needs dask", caught.exception.hint)

    def test_unknown_benchmark(self):
        self.install_fast()
        with self.assertRaises(UsageError) as caught:
            self.bench("nbody nbodies")
        self.assertEqual(caught.exception.message,
                         "unknown BENCHMARKS: nbodies")
        self.assertIn(" nbody ", caught.exception.hint)


class BenchmarksTest(PyperformanceTestCase):

    def test_load_and_choose(self):
        self.check_scripts()
        self.check_chosen()

    def check_scripts(self):
        self.assertGreater(len(self.known), 80)
        for benchmark in self.known.values():
            self.assertTrue(benchmark.script.is_file(), benchmark)
        self.assertEqual(self.known["unpickle"].options, ("unpickle",))
        self.assertEqual(self.known["async_tree_tg"].since, (3, 11))
        self.assertIn("lib2to3", os.listdir(self.known["2to3"].vendored[0]))

    def check_chosen(self):
        quick = benchmarks.choose(self.known, "quick", "")
        self.assertEqual(sorted(quick), sorted(benchmarks.QUICK))
        for name in quick:
            self.assertEqual(benchmarks.unsuitable(
                self.known[name], (3, 13)), "")
        self.assertEqual(benchmarks.choose(self.known, "full", ""),
                         [*self.known])
        self.assertEqual(benchmarks.choose(
            self.known, "full", "float nbody float"), ["float", "nbody"])

    def test_a_script_that_measures_several_things(self):
        (self.top / "tmp").mkdir()
        where = System(self.top)
        python = peers.python(Path(sys.executable), where, "PEER")
        workers = Workers(where, {"ours": python, "peer": python},
                          self.shared)
        names = [task.name for task in workers.tasks(self.known["logging"])]
        self.assertEqual(names, ["logging_format", "logging_silent",
                                 "logging_simple"])


class PackagesTest(BuiltTestCase):

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.dict(os.environ, {
            "XDG_CACHE_HOME": str(self.top / "cache")}))

    def fails(self):
        with (contextlib.redirect_stderr(io.StringIO()),
              contextlib.redirect_stdout(io.StringIO()),
              self.assertRaises(FetchError) as caught):
            comparison.bench(self.config, sys.executable, "", "")
        self.assertRegex(caught.exception.message,
                         r"\Ano pyperf and pyperformance: .*pyperf==\S+\Z")
        self.assertIn("requirements-bench.txt", caught.exception.hint)
        self.assertEqual(self.results(), [])
        self.assertFalse((self.config.layout.work / "bench").exists())

    def test_no_index(self):
        without_index(self)
        self.fails()

    def test_an_index_without_pyperf(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(404)

            def log_message(self, *_):
                pass

        server = loopback.serve(self, Handler)
        without_index(self)
        os.environ["PIP_INDEX_URL"] = (
            f"http://127.0.0.1:{server.server_port}/")
        self.fails()


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
