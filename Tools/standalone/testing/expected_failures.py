"""Tests that are known to fail in the moved tree, and the verdict on a run."""

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from standalone.core.layout import TOOLS

LIST = TOOLS / "testing" / "expected_failures.toml"

#: Where the suite is run: names of expected_failures.toml and SYSTEMS=.
HERE = "host"
SYSTEMS = (HERE, "trixie", "bullseye")
#: Not ours: Debian's build of the same version, to compare with.
DEBIAN = "debian"


@dataclass(frozen=True)
class Failure:
    """A test that fails on some of SYSTEMS; *test* may have ``*`` in it.

    *debian* says whether Debian's build fails it as well.
    """

    test: str
    systems: tuple[str, ...]
    debian: bool
    reason: str

    def covers(self, name: str) -> bool:
        """Is the test of this full name meant?"""
        return fnmatch.fnmatchcase(name, self.test)

    def fails_on(self, system: str) -> bool:
        """Is the test to fail there?"""
        return self.debian if system == DEBIAN else system in self.systems


@dataclass(frozen=True)
class Verdict:
    """What to make of the results: names of tests, and stale entries."""

    expected: tuple[str, ...]
    unexpected: tuple[str, ...]
    stale: tuple[Failure, ...]


def load(*, gpl: bool = False) -> tuple[Failure, ...]:
    """The committed list, for a build with what is under the *gpl* or
    without."""
    entries = tomllib.loads(LIST.read_text(encoding="utf-8"))["failure"]
    return tuple(Failure(
        entry["test"], tuple(entry.get("systems", SYSTEMS)), entry["debian"],
        " ".join(entry["reason"].split())) for entry in entries
        if entry.get("gpl", gpl) == gpl)


def on(system: str, modules: Iterable[str] = (), *,
       gpl: bool = False) -> tuple[Failure, ...]:
    """Those that fail on one system; of certain test modules, if any is
    given: ``test_os``."""
    prefixes = tuple(f"test.{name}." for name in modules) or ("",)
    return tuple(failure for failure in load(gpl=gpl)
                 if failure.fails_on(system)
                 and failure.test.startswith(prefixes))


def judge(results: Mapping[str, str],
          failures: Sequence[Failure]) -> Verdict:
    """Compare *results*, a name → passed, failed or skipped, with what
    was to fail.  An entry is stale as soon as one test of it passes."""
    failed = sorted(name for name, result in results.items()
                    if result == "failed")
    passed = {name for name, result in results.items() if result == "passed"}
    known = {name for name in failed
             if any(failure.covers(name) for failure in failures)}
    return Verdict(
        tuple(sorted(known)),
        tuple(name for name in failed if name not in known),
        tuple(failure for failure in failures
              if any(map(failure.covers, passed))))
