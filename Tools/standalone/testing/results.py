"""Count passed tests from the reports of unittest and regrtest."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# What regrtest says when it is done with a test file, what unittest says of
# a test, and the list of those files that failed again when run again.
_DONE = re.compile(r"[\d:]+ load avg: \S+ \[ *\d+/\d+(?:/\d+)?\] (\S+) ")
_BAD = re.compile(
    r"(?:FAIL|ERROR|UNEXPECTED SUCCESS): .*?\(([\w.<>]+)\)(?: [\[(].*)?")
_BAD_FILES = re.compile(r"^\d+ tests? failed:\n((?: {4}.*\n)+)", re.M)


@dataclass(frozen=True)
class Counts:
    """Tests, or commands that are one test each."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed,
                      self.skipped + other.skipped)

    def __str__(self) -> str:
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")


def unittest_counts(text: str, code: int) -> Counts:
    """Return the counts from the end of unittest's output.

    It ends with ``Ran 9 tests in ...`` and ``OK (skipped=1)`` or
    ``FAILED (failures=1, errors=2)``.  *code* is the exit code.
    """
    ran = sum(map(int, re.findall(r"^Ran (\d+) tests? in", text, re.M)))
    numbers = {name: int(count) for name, count in re.findall(
        r"(\w+)=(\d+)", text.rpartition("\nRan ")[2])}
    failed = sum(numbers.get(name, 0) for name in (
        "failures", "errors", "unexpectedSuccesses"))
    if code and not failed:
        failed = 1               # it ended before it could report
    skipped = numbers.get("skipped", 0)
    return Counts(max(ran - failed - skipped, 0), failed, skipped)


def junit_results(report: Path) -> dict[str, str]:
    """Map the names of tests to "passed", "failed" or "skipped".

    A test that failed in a subtest has neither a name nor a result there.
    """
    results: dict[str, str] = {}
    if not report.exists():
        return results
    for number, case in enumerate(ET.parse(report).iter("testcase")):
        kinds = {element.tag for element in case}
        failed = ("name" not in case.attrib
                  or kinds & {"error", "failure", "outcome"})
        results[case.get("name", f"unnamed {number}")] = (
            "failed" if failed else
            "skipped" if "skipped" in kinds else "passed")
    return results


def junit_counts(report: Path, names: Sequence[str], code: int, *,
                 may_skip: bool = False) -> Counts:
    """Return the counts; a module without a passed test counts as failed.

    With *may_skip*, a module with skipped tests does not.
    """
    results = junit_results(report)
    values = list(results.values())
    counts = Counts(*map(values.count, ("passed", "failed", "skipped")))
    good = ("passed", "skipped") if may_skip else ("passed",)
    for name in names:
        if not any(test.startswith(f"test.{name}.") and result in good
                   for test, result in results.items()):
            print(f"{name}: not one test {' or '.join(good)}", flush=True)
            counts += Counts(failed=1)
    if code and not counts.failed:
        counts += Counts(failed=1)
    return counts


def regrtest_results(report: Path, text: str) -> dict[str, str]:
    """Map the names of tests to "passed", "failed", "skipped" or "again".

    "again" means that it passed when it was run again.  The results of
    `junit_results` are completed from regrtest's output: the report has
    neither the names of tests that failed in a subtest nor test files that
    crashed, were killed, or could not be imported.
    """
    first: dict[str, set[str]] = {}
    file = ""
    for line in text.splitlines():
        if done := _DONE.match(line):
            file = done[1]
        elif failed := _BAD.fullmatch(line):
            first.setdefault(file, set()).add(failed[1])
    results = {name: result for name, result in junit_results(report).items()
               if not name.startswith("unnamed")}
    blocks = _BAD_FILES.findall(text)
    bad = blocks[-1].split() if blocks else []
    for file, names in first.items():
        for name in names:           # setUpClass is in no report at all
            results[name] = ("again" if results.get(name) == "passed"
                             or file not in bad else "failed")
    for file in bad:
        if not any(results[name] == "failed" for name in first.get(file, ())):
            results[f"test.{file.removeprefix('test.')}"] = "failed"
    return results
