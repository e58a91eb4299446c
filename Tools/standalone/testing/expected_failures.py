"""Read the list of expected test failures, and compare results with it."""

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from standalone.core.layout import TOOLS
from standalone.core.options import DEFAULT, Options, Variant
from standalone.sources.version import is_in

LIST = TOOLS / "testing" / "expected_failures.toml"

#: Where the suite is run: names of expected_failures.toml and SYSTEMS=.
HERE = "host"
SYSTEMS = (HERE, "trixie", "bullseye")
#: Not ours: Debian's build of the same feature version, to compare with.
DEBIAN = "debian"


@dataclass(frozen=True)
class Failure:
    """A test that fails on some of SYSTEMS; *test* may contain ``*``.

    *debian* says whether it also fails with Debian's build.
    """

    test: str
    systems: tuple[str, ...]
    debian: bool
    reason: str

    def covers(self, name: str) -> bool:
        """Return whether the entry matches the full name of a test."""
        return fnmatch.fnmatchcase(name, self.test)

    def fails_on(self, system: str) -> bool:
        """Return whether the test is expected to fail on *system*."""
        return self.debian if system == DEBIAN else system in self.systems


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison: names of tests, and stale entries."""

    expected: tuple[str, ...]
    unexpected: tuple[str, ...]
    stale: tuple[Failure, ...]


def load(variant: Variant) -> tuple[Failure, ...]:
    """Return the list for a build."""
    entries = tomllib.loads(LIST.read_text(encoding="utf-8"))["failure"]
    return tuple(Failure(
        entry["test"], tuple(entry.get("systems", SYSTEMS)), entry["debian"],
        " ".join(entry["reason"].split())) for entry in entries
        if is_in(variant.version, entry.get("python", ""))
        and all((word in variant.options) == wanted
                for word, wanted in entry.get("options", {}).items()))


def on(system: str, variant: Variant,
       modules: Iterable[str] = ()) -> tuple[Failure, ...]:
    """Return the failures expected on one system.

    Debian's build, for comparison, is made without any OPTIONS.  *modules*
    limits them to test modules, such as ``test_os``.
    """
    if system == DEBIAN:
        variant = Variant(variant.version, Options.parse(DEFAULT))
    prefixes = tuple(f"test.{name}." for name in modules) or ("",)
    return tuple(failure for failure in load(variant)
                 if failure.fails_on(system)
                 and failure.test.startswith(prefixes))


def judge(results: Mapping[str, str],
          failures: Sequence[Failure]) -> Verdict:
    """Compare *results* with the expected failures.

    *results* maps names to passed, failed or skipped.  An entry is stale
    if any test that it matches passes.
    """
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
