"""Test testing.units: what is shown of a run, and when it is ended."""

import contextlib
import io
import os
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from standalone.testing import children as tools_children, units
from standalone.testing.results import Counts

from . import children


class UnitsTest(unittest.TestCase):
    """What `make check` shows of a run of tests, and when it ends it."""

    def setUp(self):
        def late(*_):
            raise AssertionError("not over in time")
        self.addCleanup(signal.signal, signal.SIGALRM,
                        signal.signal(signal.SIGALRM, late))
        self.addCleanup(signal.alarm, 0)
        signal.alarm(children.DEADLINE)

    def shown(self, *argv, silence=60, stop=None):
        """What it printed, and the exit code."""
        said = []
        with mock.patch.object(units, "SILENCE", silence):
            code = units.watch(argv, dict(os.environ), said.append,
                               stop or threading.Event())
        return b"".join(said).decode(), code

    def test_output_and_exit_code(self):
        for code in 0, 3:
            self.assertEqual(
                self.shown("sh", "-c", f"echo one; echo two >&2; exit {code}"),
                ("one\ntwo\n", code))

    def test_much_output(self):
        said, code = self.shown(
            "sh", "-c", "head -c 300000 /dev/zero; echo last")
        self.assertEqual((len(said), code), (300005, 0))

    def assertEnded(self, said, code):
        self.assertIn("failed: no test has ended for 1 seconds", said)
        self.assertEqual(code, 1)

    def test_silence(self):
        said, code = self.shown("sh", "-c", "echo one; exec sleep 600",
                                silence=1)
        self.assertIn("one\n", said)
        self.assertEnded(said, code)

    def test_stopped(self):
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        self.assertEqual(self.shown("sleep", "600", stop=stop), ("", 1))

    def test_no_silence(self):
        """Longer than the limit, but never silent for as long."""
        self.assertEqual(self.shown(
            "sh", "-c", "for _ in 1 2 3 4 5 6; do echo; sleep 0.5; done",
            silence=2), ("\n" * 6, 0))

    def test_closed_output(self):
        """It may end later, but it may not hang, and we do not spin."""
        self.assertEqual(
            self.shown("sh", "-c", "exec >&- 2>&-; sleep 0.5; exit 4"),
            ("", 4))
        before = time.process_time()
        self.assertEnded(*self.shown("sh", "-c", "exec sleep 600 >&- 2>&-",
                                     silence=1))
        self.assertLess(time.process_time() - before, 0.5)

    def test_output_that_others_keep_open(self):
        with (mock.patch.object(tools_children, "_GRACE", 0.5),
              tools_children.watched() as left):
            self.assertEqual(
                self.shown("sh", "-c", "sleep 600 & echo one; exit 2"),
                ("one\n", 2))
            with self.subTest("and to which they write"):
                said, result = self.shown(
                    "sh", "-c", "while :; do echo x; done & exit 0",
                    silence=1)
                self.assertEnded(said, result)
        # The other ends when nobody reads what it writes.
        self.assertEqual(left, ["sleep 600"])

    def test_in_the_background(self):
        """A shell has it ignore SIGINT, by which tests are ended."""
        done = children.run(
            [sys.executable, "-c", "import os, signal, sys\n"
             "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
             "from pathlib import Path\n"
             "from standalone.testing import units\n"
             "units.SILENCE, units._GRACE = 1, 600\n"
             "print(units.run(sys.executable, Path(sys.argv[1]),"
             " dict(os.environ)))\n", self.package("time.sleep(600)")],
            capture_output=True, text=True, timeout=120)
        self.assertIn("\n0 passed, 1 failed, 0 skipped\n", done.stdout,
                      done.stderr)

    def package(self, *bodies):
        """A package of tests, one a module with these bodies."""
        top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        package = top / "package"
        package.mkdir()
        (package / "__init__.py").touch()
        for number, body in enumerate(bodies):
            (package / f"test_{number}.py").write_text(
                "import subprocess, time, unittest\n"
                "class T(unittest.TestCase):\n"
                f"    def test(self): {body}\n")
        return package

    def run_package(self, *bodies, silence=60, jobs=1):
        """The counts, and what was shown."""
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with (mock.patch.object(units, "SILENCE", silence),
              contextlib.redirect_stdout(output)):
            counts = units.run(sys.executable, self.package(*bodies),
                               dict(os.environ), jobs=jobs)
            output.flush()
        return counts, output.buffer.getvalue().decode()

    def test_modules(self):
        counts, said = self.run_package(
            "pass", "self.fail('because of this')", "self.skipTest('no')")
        self.assertEqual(counts, Counts(1, 1, 1))
        self.assertIn("test_0: 1 passed, 0 failed, 0 skipped in ", said)
        self.assertIn("because of this", said)
        self.assertIn("test_1: 0 passed, 1 failed, 0 skipped in ", said)

    def test_slow_modules_exist(self):
        self.assertLessEqual(set(units._SLOW), {
            path.stem for path
            in Path(__file__).parents[1].glob("*/test_*.py")})

    def test_nothing_to_run(self):
        self.assertEqual(self.run_package()[0], Counts(failed=1))
        counts, said = self.run_package("pass\n\n    test = None")
        self.assertEqual(counts, Counts(failed=1))
        self.assertIn("failed: no tests\n", said)

    def test_side_by_side(self):
        # Each waits for a file that the other one makes.
        meet = ("pathlib = __import__('pathlib'); "
                "here = pathlib.Path(__file__).parent; "
                "(here / '{}').touch(); "
                "[time.sleep(0.05) for _ in range(600)"
                " if not (here / '{}').exists()]; "
                "self.assertTrue((here / '{}').exists())")
        counts, said = self.run_package(
            meet.format("a", "b", "b"), meet.format("b", "a", "a"), jobs=2)
        self.assertEqual(counts, Counts(2), said)

    def test_a_run_that_leaves_one_and_one_that_hangs(self):
        """As `make check` counts them."""
        for body, silence, counts, said in (
                ("subprocess.Popen(['setsid', 'sleep', '618'])", 60,
                 Counts(1, 1), "failed: left running: sleep 618\n"),
                ("time.sleep(600)", 2, Counts(failed=1),
                 "failed: no test has ended for 2 seconds\n")):
            with (self.subTest(body),
                  mock.patch.object(tools_children, "_GRACE", 0.5)):
                found, shown = self.run_package(body, silence=silence)
                self.assertEqual(found, counts)
                self.assertIn(said, shown)


if __name__ == "__main__":
    unittest.main()
