"""Test `make bench` with pyperformance; see test_bench_measures, too.

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
    comparison,
    peer as peers,
    size,
    startup,
)
from standalone.bench.system import System
from standalone.bench.workers import Workers
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


if __name__ == "__main__":
    unittest.main()
