"""`make standalone-test`: CPython's own suite, on what would be shipped.

The archives are unpacked elsewhere and tested as an ordinary user: on
this machine, and in bare Debian releases.  What fails has to be in
expected_failures.toml, and what is there has to fail.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from standalone.core.errors import FetchError, UsageError
from standalone.pipeline import driver
from standalone.platforms import targets
from standalone.request import Config
from standalone.sources import apt
from standalone.testing import chroots, debian, expected_failures, testbed
from standalone.testing.chroots import Chroot
from standalone.testing.expected_failures import DEBIAN, HERE, SYSTEMS, Failure
from standalone.testing.results import regrtest_results

# -w runs again what failed, alone: a machine may be busy, once.  Our own
# tests are for `make check`, which runs each file of them by itself.
_OPTIONS = ("-uall,-largefile,-audio,-urlfetch,-network", "--timeout=1800",
            "-w", "--header", "--ignore=test.test_standalone_runtime.*")
_COLUMNS = ("run", "passed", "again", "expected", "failed", "skipped",
            "seconds")


@dataclass(frozen=True)
class Outcome:
    """What a run on one *system* gave; *seconds* is how long it took.

    *broken* says why the results are not worth anything, *note* what to
    know when reading them.
    """

    system: str
    results: Mapping[str, str]
    failures: tuple[Failure, ...]
    seconds: float
    ours: tuple[Failure, ...] = ()       # those of our build
    broken: str = ""
    note: str = ""

    @property
    def verdict(self) -> expected_failures.Verdict:
        """The results, against what was to fail."""
        return expected_failures.judge(self.results, self.failures)

    @property
    def good(self) -> bool:
        """Is the list right about all that was run?"""
        return not (self.broken or self.wrong or self.verdict.stale)

    @property
    def wrong(self) -> tuple[str, ...]:
        """Failures that the list does not have; of Debian's build, which
        may fail where ours does not, those it says are ours alone."""
        unexpected = self.verdict.unexpected
        if self.system != DEBIAN:
            return unexpected
        return tuple(name for name in unexpected if any(
            failure.covers(name) for failure in self.ours))

    def row(self) -> tuple[str, ...]:
        """The cells of _COLUMNS."""
        values = list(self.results.values())
        return (f"{len(values):,}", *(f"{number:,}" for number in (
            values.count("passed"), values.count("again"),
            len(self.verdict.expected), len(self.verdict.unexpected),
            values.count("skipped"))), f"{self.seconds:.0f}")


def suite(config: Config, systems: str = "", tests: str = "") -> bool:
    """Run the suite, or only *tests*; was every result as expected?

    *systems* and *tests* are words; by default all that this machine can
    and all there are.  Raises UsageError for systems it cannot.
    """
    if not targets.runs_here(config.platform):
        raise UsageError(f"{config.target} does not run on this machine")
    wanted = {system: _chroot(system, config.version)
              for system in _systems(systems)}
    roots = {system: None if chroot is None else _root(config, chroot)
             for system, chroot in wanted.items()}
    with (testbed.terminable(), driver.lock(config.layout),
          testbed.place() as place,
          _display() as display):
        if {*wanted} == {DEBIAN}:
            (place / "python").mkdir()       # nothing of ours is tested
        else:
            testbed.testable(config.layout, place / "python")
        outcomes = [
            _run(config, system, root, place, tests.split(), display)
            for system, root in roots.items()]
    print(report(outcomes), flush=True)
    return all(outcome.good for outcome in outcomes)


def _systems(words: str) -> Sequence[str]:
    """What is asked for, else what can be had."""
    wanted = words.split()
    unknown = set(wanted) - {*SYSTEMS, DEBIAN}
    if unknown:
        raise UsageError(
            f"unknown SYSTEMS: {' '.join(sorted(unknown))}",
            hint=f"known: {' '.join((*SYSTEMS, DEBIAN))}")
    reason = None if wanted == [HERE] else chroots.unavailable()
    if reason and wanted:
        raise UsageError(f"no tests in chroots: {reason}",
                         hint=f"SYSTEMS={HERE} does without")
    if reason:
        print(f"only on this machine, not in chroots: {reason}", flush=True)
        return [HERE]
    return wanted or SYSTEMS


def _chroot(system: str, version: str) -> Chroot | None:
    """Where to run: a bare release, or one that has Debian's build of the
    same feature version; None is here."""
    if system == HERE:
        return None
    if system == DEBIAN:
        return debian.chroot(system, version)
    # Not even a localhost is in the smallest release, and no font.
    return Chroot(system, system, ordinary=True,
                  packages=("fonts-dejavu-core", "netbase"))


def _root(config: Config, chroot: Chroot) -> tuple[Chroot, Path]:
    """A chroot, and the archive of its files."""
    log = config.layout.logs / f"chroot-{chroot.suite}.log"
    release = chroots.archive(chroot.suite, apt.archives(), log,
                              chroot.packages)
    if release is None:
        raise FetchError(
            f"no Debian {chroot.suite} with {', '.join(chroot.packages)} "
            "can be had", log=log)
    return chroot, release


def _run(config: Config, system: str, root: tuple[Chroot, Path] | None,
         place: Path, tests: Sequence[str],
         display: Mapping[str, str]) -> Outcome:
    arguments = [f"-j{config.jobs}", *_OPTIONS, *tests]
    log = config.layout.logs / f"suite-{system}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"\n{system}: the log is {log}", flush=True)
    started = time.monotonic()
    with _shown(log) as output:
        if root is None:
            code = testbed.run(place, arguments, output, display)
        else:
            with chroots.started(
                    *root, place, arguments, output, display) as child:
                code = child.wait()
    report = place / testbed.REPORT
    text = log.read_text(encoding="utf-8", errors="replace")
    results = regrtest_results(report, text)
    broken = note = ""
    # See test/libregrtest/results.py: 2 says that tests failed.
    if code not in (0, 2) or not report.exists():
        broken = f"the test runner ended early, with exit code {code}"
    elif system == DEBIAN:
        note = debian.note(text, config.version)
    return Outcome(system, results,
                   expected_failures.on(system, config.variant),
                   time.monotonic() - started,
                   expected_failures.load(config.variant), broken, note)


@contextlib.contextmanager
def _shown(log: Path) -> Iterator[IO[bytes]]:
    """A file that is shown as it is written, and kept as *log*."""
    # Ctrl-C is for the tests: what they say afterwards is wanted, too.
    with subprocess.Popen(["tee", "-i", log],
                          stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        yield child.stdin


@contextlib.contextmanager
def _display() -> Iterator[Mapping[str, str]]:
    """The variable that names an X server of our own; without Xvfb none:
    regrtest then skips what wants a display."""
    if shutil.which("Xvfb") is None:
        print("without Xvfb: tests that want a display are skipped",
              flush=True)
        yield {}
        return
    readable, writable = os.pipe()
    with (os.fdopen(readable) as reported, subprocess.Popen(
            ["Xvfb", "-displayfd", str(writable), "-nolisten", "tcp",
             "-noreset", "-screen", "0", "1280x1024x24"],
            pass_fds=(writable,), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server):
        os.close(writable)
        try:
            number = reported.read().strip()
            yield {"DISPLAY": f":{number}"} if number else {}
        finally:
            server.terminate()


def report(outcomes: Sequence[Outcome]) -> str:
    """A table of all runs, and below it whatever is to be looked at."""
    rows = [("", *_COLUMNS), *((item.system, *item.row())
                               for item in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["", *("  ".join(
        cell.rjust(width) if number else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows)]
    for item in outcomes:
        lines += [f"\n{item.system}: {text}"
                  for text in (item.broken, item.note) if text]
        again = [name for name, result in sorted(item.results.items())
                 if result == "again"]
        for title, names in (
                ("failed", item.verdict.unexpected),
                ("passed when run again, alone", again),
                ("in expected_failures.toml, but passed",
                 [failure.test for failure in item.verdict.stale]),
                ("in expected_failures.toml with debian = false, but failed",
                 item.wrong if item.system == DEBIAN else ())):
            if names:
                lines += [f"\n{item.system}: {title}",
                          *(f"  {name}" for name in names)]
    return "\n".join(lines)
