"""How many tests passed: what unittest and CPython's regrtest report."""

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
    """The numbers that unittest ends with: ``Ran 9 tests in ...`` and
    ``OK (skipped=1)`` or ``FAILED (failures=1, errors=2)``."""
    ran = sum(map(int, re.findall(r"^Ran (\d+) tests? in", text, re.M)))
    numbers = {name: int(count) for name, count in re.findall(
        r"(\w+)=(\d+)", text.rpartition("\nRan ")[2])}
    failed = sum(numbers.get(name, 0) for name in (
        "failures", "errors", "unexpectedSuccesses"))
    if code and not failed:
        failed = 1               # it did not get as far as to say how many
    skipped = numbers.get("skipped", 0)
    return Counts(max(ran - failed - skipped, 0), failed, skipped)


def junit_results(report: Path) -> dict[str, str]:
    """Test's name → passed, failed or skipped.

    A test that failed in a subtest has no name and no result there.
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
    """The numbers; a module of which nothing passed has failed.

    With *may_skip* only one of which nothing was run or skipped has.
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
    """Test's name → passed, failed, skipped, or "again" if it passed when
    it was run again.

    As `junit_results` gives them, completed by what regrtest said: the
    report knows neither the names of tests that failed in a subtest nor
    that a test file crashed, was ended, or could not be imported.
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
