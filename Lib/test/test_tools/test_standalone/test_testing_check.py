"""What `make check` counts, and that it leaves the build where it was."""

import contextlib
import io
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.pipeline import hidden_work
from standalone.testing import children as tools_children, product, testbed
from standalone.testing.results import (
    Counts,
    junit_counts,
    junit_results,
    unittest_counts,
)

from . import children

# As regrtest of CPython 3.13 writes it; without a name: failed subtests.
REPORT = """<testsuites><testsuite>
<testcase name="test.test_a.A.test_1" status="run" result="completed"/>
<testcase name="test.test_a.A.test_2"><skipped>why</skipped></testcase>
<testcase name="test.test_a.A.test_3"><failure type="E">x</failure></testcase>
<testcase name="test.test_a.A.test_4"><error type="E">x</error></testcase>
<testcase name="test.test_a.A.test_5"><outcome>U</outcome></testcase>
<testcase name="test.test_b.B.test_1"><skipped>why</skipped></testcase>
<testcase/>
</testsuite></testsuites>"""


class CountsTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.report = self.dir / "report.xml"
        self.report.write_text(REPORT)

    def test_unittest(self):
        for text, code, counts in (
                ("x\nRan 9 tests in 1.0s\n\nOK\n", 0, Counts(9)),
                ("x\nRan 9 tests in 1.0s\n\nOK (skipped=2)\n", 0,
                 Counts(7, 0, 2)),
                ("x\nRan 9 tests in 1.0s\n\nFAILED (failures=1, errors=2, "
                 "skipped=3)\n", 1, Counts(3, 3, 3)),
                ("Traceback ...\n", 1, Counts(failed=1))):
            with self.subTest(text):
                self.assertEqual(unittest_counts(text, code), counts)

    def test_real_unittest(self):
        (self.dir / "test_it.py").write_text(
            "import unittest\n"
            "class T(unittest.TestCase):\n"
            "    def test_1(self): pass\n"
            "    def test_2(self): self.fail()\n"
            "    def test_3(self): self.skipTest('')\n")
        done = children.run(
            [sys.executable, "-m", "unittest", "test_it"], cwd=self.dir,
            capture_output=True, text=True)
        self.assertEqual(unittest_counts(done.stderr, done.returncode),
                         Counts(1, 1, 1))

    def test_report(self):
        self.assertEqual(
            sorted(junit_results(self.report).values()),
            ["failed"] * 4 + ["passed"] + ["skipped"] * 2)
        # test_b did nothing, which counts as a failure.
        self.assertEqual(junit_counts(self.report, ["test_a", "test_b"], 2),
                         Counts(1, 5, 2))

    def test_report_of_what_may_skip(self):
        # test_c was neither run nor skipped.
        self.assertEqual(
            junit_counts(self.report, ["test_a", "test_b", "test_c"], 2,
                         may_skip=True), Counts(1, 5, 2))

    def test_no_report(self):
        self.report.unlink()
        self.assertEqual(junit_counts(self.report, [], 1), Counts(failed=1))
        self.assertEqual(junit_counts(self.report, ["test_a"], 0),
                         Counts(failed=1))

    def test_last_line(self):
        self.assertEqual(str(Counts(1, 2) + Counts(0, 1, 3)),
                         "1 passed, 3 failed, 3 skipped")


class AsideTest(unittest.TestCase):

    def setUp(self):
        self.work = Path(self.enterContext(
            tempfile.TemporaryDirectory())) / "work"
        self.work.mkdir()

    def test_out_of_the_way(self):
        with hidden_work.aside(self.work):
            self.assertFalse(self.work.exists())
            self.assertNotEqual(hidden_work.current(self.work), self.work)
        self.assertEqual(hidden_work.current(self.work), self.work)
        self.assertTrue(self.work.is_dir())

    def test_back_after_an_error(self):
        with (self.assertRaises(KeyboardInterrupt),
              hidden_work.aside(self.work)):
            raise KeyboardInterrupt
        self.assertTrue(self.work.is_dir())

    def run_and_kill(self, number, before="pass", wait=30):
        """The exit code of a child that would sleep for ever."""
        with children.Child(
                [sys.executable, "-c", f"import signal; {before}\n"
                 "import sys, time; from pathlib import Path\n"
                 "from standalone.testing import testbed\n"
                 "from standalone.pipeline import hidden_work\n"
                 "with (testbed.terminable(),\n"
                 "      hidden_work.aside(Path(sys.argv[1]))):\n"
                 "    print('aside', flush=True)\n"
                 "    while True: time.sleep(60)\n", self.work],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            self.assertEqual(child.stdout.readline(), b"aside\n")
            self.assertFalse(self.work.exists())
            child.send_signal(number)
            return child.wait(wait)

    def test_back_after_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # As Python ends after a KeyboardInterrupt: none of the other
            # signals would have it end so by itself.
            # nohup ignores one of them.
            self.assertEqual(self.run_and_kill(
                number, f"signal.signal({int(number)}, signal.SIG_DFL)"
                if number == signal.SIGHUP else "pass"), -signal.SIGINT)
            self.assertTrue(self.work.is_dir())

    def test_what_nohup_ignores_stays_ignored(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            self.run_and_kill(signal.SIGHUP, "signal.signal(signal.SIGHUP,"
                              " signal.SIG_IGN)", wait=1)

    def test_handlers_are_as_before(self):
        numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
        before = [*map(signal.getsignal, numbers)]
        with testbed.terminable():
            self.assertNotEqual([*map(signal.getsignal, numbers)], before)
        self.assertEqual([*map(signal.getsignal, numbers)], before)
        ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGINT, ignored)
        with tools_children.interruptible():
            self.assertNotEqual(signal.getsignal(signal.SIGINT),
                                signal.SIG_IGN)
        self.assertEqual(signal.getsignal(signal.SIGINT), signal.SIG_IGN)

    def test_put_back_after_a_kill(self):
        self.run_and_kill(signal.SIGKILL)
        self.assertFalse(self.work.exists())
        hidden_work.put_back(self.work)
        self.assertTrue(self.work.is_dir())


class WatchedTest(unittest.TestCase):

    def setUp(self):
        self.enterContext(mock.patch.object(tools_children, "_GRACE", 0.5))

    def test_nothing_left(self):
        with tools_children.watched() as left:
            children.run(["true"])
        self.assertEqual(left, [])

    def test_left_in_a_session_of_its_own(self):
        with tools_children.watched() as left:
            children.run(["setsid", "sh", "-c", "setsid sleep 614 &"])
        self.assertEqual(left, ["sleep 614"])
        self.assertEqual(self.running("sleep 614"), [])

    def test_deaf(self):
        with tools_children.watched() as left:
            children.run(["setsid", "sh", "-c",
                          "(trap '' TERM INT HUP; sleep 615; :) &"])
        self.assertIn("sleep 615", " ".join(left))
        self.assertEqual(self.running("sleep 615"), [])

    def test_after_an_error(self):
        with (self.assertRaises(KeyboardInterrupt),
              tools_children.watched() as left):
            children.run(["setsid", "sh", "-c", "setsid sleep 616 &"])
            raise KeyboardInterrupt
        # On a busy machine setsid may not have started it yet.
        [command] = left
        self.assertRegex(command, r"\A(setsid )?sleep 616\Z")

    def test_those_of_before_stay(self):
        child = children.start(self, ["sleep", "617"])
        with tools_children.watched() as left:
            pass
        self.assertEqual(left, [])
        self.assertIsNone(child.poll())

    def running(self, command):
        return [line for pid in tools_children._children()
                if (line := tools_children._command(pid)) == command]

    def test_failures(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            counts = tools_children.failures(["sleep 1", "a b"])
        self.assertEqual(counts, Counts(failed=2))
        self.assertEqual(output.getvalue(),
                         "failed: left running: sleep 1\n"
                         "failed: left running: a b\n")


class SelectionTest(unittest.TestCase):

    def test_sorted(self):
        self.assertEqual(list(product.SELECTION),
                         sorted(product.SELECTION))


if __name__ == "__main__":
    unittest.main()
