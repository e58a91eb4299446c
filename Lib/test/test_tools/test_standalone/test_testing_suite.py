"""`make standalone-test`: what it makes of regrtest's results."""

import sys
import tempfile
import tomllib
import unittest
import unittest.mock
from pathlib import Path

from standalone.core import options
from standalone.core.options import Options, Variant
from standalone.testing import chroots, expected_failures, suite
from standalone.testing.expected_failures import Failure
from standalone.testing.results import regrtest_results

from . import children
from .trees import small_tree

# As regrtest of CPython 3.13 writes them.
REPORT = """<testsuites><testsuite>
<testcase name="test.test_a.A.test_good"/>
<testcase name="test.test_a.A.test_skip"><skipped>why</skipped></testcase>
<testcase name="test.test_a.A.test_bad"><failure type="E">x</failure>
</testcase>
<testcase name="test.test_a.A.test_busy"><error type="E">x</error></testcase>
<testcase/>
</testsuite><testsuite>
<testcase name="test.test_a.A.test_bad"><failure type="E">x</failure>
</testcase>
<testcase name="test.test_a.A.test_busy"/>
<testcase/>
</testsuite></testsuites>"""
LOG = """\
0:00:01 load avg: 1.00 [1/4] test_c passed
0:00:02 load avg: 1.00 [2/4/1] test_a failed (1 error, 2 failures)
ERROR: test_busy (test.test_a.A.test_busy)
FAIL: test_bad (test.test_a.A.test_bad)
FAIL: test_subtests (test.test_a.A.test_subtests) [message] (i=(3, 4))
0:00:03 load avg: 1.00 [3/4/2] test.test_p.test_d crashed (Exit code -11)
0:00:04 load avg: 1.00 [4/4/3] test_e failed (1 error)
ERROR: setUpClass (test.test_e.E)
0:00:05 load avg: 1.00 [1/3/1] test_a failed (2 failures)
FAIL: test_bad (test.test_a.A.test_bad)
FAIL: test_subtests (test.test_a.A.test_subtests) [message] (i=(3, 4))
0:00:06 load avg: 1.00 [2/3/2] test.test_p.test_d crashed (Exit code -11)
0:00:07 load avg: 1.00 [3/3/2] test_e passed
2 tests failed again:
    test_a test.test_p.test_d

== Tests result: FAILURE then FAILURE ==

2 re-run tests:
    test_a test.test_p.test_d test_e

2 tests failed:
    test_a test.test_p.test_d

1 test OK.
"""
RESULTS = {
    "test.test_a.A.test_bad": "failed",
    "test.test_a.A.test_busy": "again",
    "test.test_a.A.test_good": "passed",
    "test.test_a.A.test_skip": "skipped",
    "test.test_a.A.test_subtests": "failed",
    "test.test_e.E": "again",
    "test.test_p.test_d": "failed",
}


def entry(test, *systems, debian=False):
    return Failure(test, systems or expected_failures.SYSTEMS, debian,
                   "because")


def variant(words="noopt", version=(3, 13)):
    return Variant(version, Options.parse(words))


def outcome(results, *failures, system="host"):
    return suite.Outcome(system, results, failures, 1.4,
                         expected_failures.load(variant()))


class ResultsTest(unittest.TestCase):

    def setUp(self):
        self.report = Path(self.enterContext(
            tempfile.TemporaryDirectory())) / "report.xml"

    def test_report_and_log(self):
        self.report.write_text(REPORT)
        self.assertEqual(regrtest_results(self.report, LOG), RESULTS)

    def test_neither(self):
        self.assertEqual(regrtest_results(self.report, ""), {})


class JudgeTest(unittest.TestCase):

    def judge(self, *failures):
        return expected_failures.judge(RESULTS, failures)

    def test_nothing_is_expected(self):
        self.assertEqual(self.judge(), expected_failures.Verdict((), (
            "test.test_a.A.test_bad", "test.test_a.A.test_subtests",
            "test.test_p.test_d"), ()))

    def test_all_is_expected(self):
        verdict = self.judge(entry("test.test_a.*.test_bad"),
                             entry("test.test_a.A.test_subtests"),
                             entry("test.test_p.test_d"))
        self.assertEqual((verdict.unexpected, verdict.stale), ((), ()))
        self.assertEqual(len(verdict.expected), 3)

    def test_one_that_passes_again(self):
        good = entry("test.test_a.A.test_good")
        self.assertEqual(self.judge(good).stale, (good,))
        # Neither a skipped test nor one that was not run passes.
        self.assertEqual(self.judge(entry("test.test_a.A.test_skip"),
                                    entry("test.test_x.X.test_x")).stale, ())

    def test_one_that_hides_more_than_it_says(self):
        both = entry("test.test_a.A.*")
        self.assertEqual(self.judge(both).stale, (both,))


class OutcomeTest(unittest.TestCase):

    def test_good(self):
        good = {"test.test_a.A.test_good": "passed"}
        bad = {**good, "test.test_a.A.test_bad": "failed"}
        known = entry("test.test_a.A.test_bad")
        for results, failures, verdict in (
                (good, (), True), (bad, (), False), (bad, (known,), True),
                (bad, (entry("test.test_a.A.test_good"), known), False)):
            with self.subTest(results=results, failures=failures):
                self.assertEqual(outcome(results, *failures).good, verdict)

    def test_a_runner_that_was_killed(self):
        item = suite.Outcome("host", {}, (), 1.0, (), "it was killed")
        self.assertFalse(item.good)
        self.assertIn("\nhost: it was killed", suite.report([item]))

    def test_debian_has_another_patch_version(self):
        item = suite.Outcome("debian", {}, (), 1.0, (), note="an older one")
        self.assertTrue(item.good)
        self.assertIn("\ndebian: an older one", suite.report([item]))

    def test_debian_may_fail_on_its_own(self):
        bad = {"test.test_a.A.test_bad": "failed"}
        self.assertTrue(outcome(bad, system="debian").good)

    def test_debian_has_a_failure_that_the_list_calls_ours(self):
        ours = next(failure for failure in expected_failures.load(variant())
                    if not failure.debian)
        item = outcome({ours.test: "failed"}, system="debian")
        self.assertFalse(item.good)
        self.assertIn(ours.test, suite.report([item]))

    def test_report(self):
        text = suite.report([
            outcome(RESULTS, entry("test.test_a.A.test_bad"),
                    entry("test.test_a.A.test_good")),
            outcome({"test.test_a.A.test_good": "passed"}, system="trixie")])
        self.assertEqual(text, """
        run  passed  again  expected  failed  skipped  seconds
host      7       1      2         1       2        1        1
trixie    1       1      0         0       0        0        1

host: failed
  test.test_a.A.test_subtests
  test.test_p.test_d

host: passed when run again, alone
  test.test_a.A.test_busy
  test.test_e.E

host: in expected_failures.toml, but passed
  test.test_a.A.test_good""")


class ListTest(unittest.TestCase):

    def test_entries(self):
        entries = tomllib.loads(expected_failures.LIST.read_text())["failure"]
        for item in entries:
            with self.subTest(item["test"]):
                self.assertLessEqual(
                    {"test", "debian", "reason"}, item.keys())
                self.assertLessEqual(
                    item.keys(),
                    {"test", "systems", "python", "options", "debian",
                     "reason"})
                self.assertRegex(item.get("python", ""),
                                 r"\A((>=|<)3\.\d+(,|\Z))*\Z")
                self.assertLessEqual(set(item.get("options", {})),
                                     set(options.WORDS))
                self.assertRegex(item["test"],
                                 r"^(test|idlelib)\.\w+\..*\w\*?$")
                self.assertIs(type(item["debian"]), bool)
                self.assertTrue(item["reason"].strip())
                if "systems" in item:        # else it is all of them
                    self.assertEqual(item["systems"], [
                        system for system in expected_failures.SYSTEMS
                        if system in item["systems"]])
                    self.assertNotEqual(
                        item["systems"], list(expected_failures.SYSTEMS))
                    self.assertTrue(item["systems"])
        names = [(item["test"], item.get("python", ""))
                 for item in entries]
        self.assertEqual(names, sorted(set(names)))

    def test_of_one_system(self):
        for system in (*expected_failures.SYSTEMS, expected_failures.DEBIAN):
            for failure in expected_failures.on(system, variant()):
                self.assertTrue(failure.debian if system == "debian"
                                else system in failure.systems)

    def test_of_a_build(self):
        text = "".join(
            f'[[failure]]\ntest = "test.test_{name}.T.test"\n'
            f'debian = true\nreason = "because"\n{limits}\n'
            for name, limits in (
                ("new", 'python = ">=3.14"'), ("old", 'python = "<3.14"'),
                ("t", "options = {freethreaded = true}"),
                ("free", "options = {gpl = false}")))
        path = Path(self.enterContext(
            tempfile.TemporaryDirectory())) / "list.toml"
        path.write_text(text)
        for build, ours, debian in (
                (variant(), "old free", "old free"),
                (variant("gpl"), "old", "old free"),
                (variant(version=(3, 14)), "new free", "new free"),
                (variant("freethreaded+gpl", (3, 15)), "new t", "new free")):
            for system, names in ("host", ours), ("debian", debian):
                with (self.subTest(build=build, system=system),
                      unittest.mock.patch.object(
                          expected_failures, "LIST", path)):
                    self.assertEqual(
                        [failure.test.split(".")[1].removeprefix("test_")
                         for failure in expected_failures.on(system, build)],
                        names.split())

    def test_of_some_modules(self):
        found = expected_failures.on("host", variant(), ["test_sys"])
        self.assertEqual({failure.test.split(".")[1] for failure in found},
                         {"test_sys"})


class RequestTest(unittest.TestCase):

    def setUp(self):
        self.out = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.command = [
            sys.executable, "-m", "standalone", "test", f"--out={self.out}"]

    def fails(self, *arguments):
        done = children.run([*self.command, *arguments], text=True,
                            capture_output=True)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_unknown_system(self):
        said = self.fails("--systems=host Hurd trixi")
        self.assertIn("error: unknown SYSTEMS: Hurd trixi\n", said)
        self.assertIn("known: host trixie bullseye debian", said)

    def test_nothing_built(self):
        said = self.fails("--systems=host")
        self.assertIn("error: nothing to check has been built\n"
                      "  make standalone\n", said)

    @unittest.skipIf(chroots.unavailable(), "chroots cannot be made here")
    def test_no_debian_of_that_version(self):
        tree = small_tree(self.out / "tree", "3.99.0a1+")
        said = self.fails(f"--cpython={tree}", "--systems=trixie debian")
        self.assertIn("error: Debian has no CPython 3.99 to compare with\n"
                      "  Debian's builds: 3.13, ", said)
        self.assertFalse((self.out / "work").exists())

    @unittest.skipUnless(chroots.unavailable(), "chroots can be made here")
    def test_no_chroots(self):
        self.assertIn("error: no tests in chroots: needs",
                      self.fails("--systems=trixie"))


if __name__ == "__main__":
    unittest.main()
