"""How many tests passed: what unittest and CPython's regrtest report."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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
