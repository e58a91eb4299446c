"""Run the training load with this Python, each workload a few times."""

import inspect
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core.layout import TOOLS
from standalone.training import load, workloads
from standalone.training.load import Workload

from . import children


class TableTest(unittest.TestCase):

    def test_all_functions_are_in_it(self):
        """A workload is a public function without arguments."""
        table = {workload.function for workload in load.WORKLOADS.values()}
        modules = {inspect.getmodule(function) for function in table}
        self.assertEqual(
            {Path(module.__file__).name for module in modules},
            {path.name for path in Path(workloads.__file__).parent.glob(
                "[!_]*.py")})
        found = {function for module in modules
                 for name, function in vars(module).items()
                 if not name.startswith("_")
                 and inspect.isfunction(function)
                 and function.__module__ == module.__name__
                 and not inspect.signature(function).parameters}
        self.assertEqual(table - found, set())
        # What workloads themselves call.
        self.assertEqual({function.__name__ for function in found - table},
                         {"average"})

    def test_names(self):
        # None replaces another of the same name.
        self.assertEqual(len(load.WORKLOADS), len(load._TABLE))

    def test_results_say_something(self):
        for name, workload in load.WORKLOADS.items():
            self.assertTrue(workload.result, name)
            self.assertGreater(workload.rounds, 1, name)


class ProgramTest(unittest.TestCase):
    """load.py as the training runs it."""

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.temporary = self.dir / "tmp"
        self.temporary.mkdir()
        self.log = ""

    def run_load(self, *arguments, seed="0", **options):
        return children.run(
            [sys.executable, load.__file__, *arguments], cwd=self.dir,
            env={**os.environ, "PYTHONHASHSEED": seed,
                 "PYTHONDONTWRITEBYTECODE": "1",
                 "TMPDIR": str(self.temporary)},
            capture_output=True, text=True, **options)

    def test_all(self):
        for seed in "0", "1":
            with self.subTest(seed=seed):
                done = self.run_load("--scale=0.02", seed=seed)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(re.findall(r"(?m)^ *[\d.]+ s  (\w+)$",
                                            done.stdout),
                                 list(load.WORKLOADS))
        # It leaves nothing behind.
        self.assertEqual(sorted(self.dir.rglob("*")), [self.temporary])

    def test_one(self):
        done = self.run_load("--scale=0.01", "patterns", "queens")
        self.assertRegex(done.stdout, r"(?s)\A *[\d.]+ s  patterns\n"
                         r" *[\d.]+ s  queens\n *[\d.]+ s  in all.*\n\Z")

    def test_unknown_name(self):
        done = self.run_load("quens")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("error: no workload 'quens'; there are: shapes, ",
                      done.stderr)

    def test_failure(self):
        done = children.run(
            [sys.executable, "-c", "from standalone.training import load\n"
             "load.WORKLOADS['one'] = load.Workload(int, 1, 2)\n"
             "load.main(['queens', 'one'])"], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent)})
        self.assertEqual(done.returncode, 1)
        self.assertIn(" s  queens", done.stdout)
        self.assertRegex(done.stderr, "Wrong: 0, not 2\n"
                         "load.py: error: one failed\n\\Z")


class CheckTest(unittest.TestCase):

    def setUp(self):
        self.calls = []

    def workload(self, rounds, result):
        def function():
            self.calls.append(rounds)
            return len(self.calls) < 3
        workload = Workload(function, rounds, result)
        self.enterContext(mock.patch.dict(load.WORKLOADS, one=workload))

    def test_wrong_result(self):
        self.workload(5, True)
        with self.assertRaisesRegex(load.Wrong, "^False, not True$") as caught:
            load.main(["one"])
        self.assertEqual(caught.exception.__notes__,
                         ["load.py: error: one failed"])
        self.assertEqual(len(self.calls), 3)

    def test_scale(self):
        for scale, calls in ((0.0, 1), (0.2, 1), (0.4, 2)):
            with self.subTest(scale=scale):
                self.workload(5, True)
                self.calls.clear()
                load.run("one", scale)
                self.assertEqual(len(self.calls), calls)


if __name__ == "__main__":
    unittest.main()
