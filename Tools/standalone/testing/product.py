"""`make check` of what was built: the archive, moved, tested by itself.

On this machine, where CPython's own tests of what we link in are run as
well, and in chroots of other systems.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.options import Variant
from standalone.formats.tree import InstalledTree
from standalone.pipeline import driver, hidden_work
from standalone.platforms import targets
from standalone.request import Config
from standalone.sources import apt
from standalone.testing import children, chroots, expected_failures, testbed
from standalone.testing.chroots import Chroot
from standalone.testing.expected_failures import Failure
from standalone.testing.results import Counts, junit_counts, junit_results

RUNTIME = "test_standalone_runtime"

#: CPython's own tests of what we link in, relocate or configure.
SELECTION = (
    "test_asyncio.test_ssl", "test_asyncio.test_subprocess",
    "test_build_details", "test_bz2", "test_capi", "test_cmd_line",
    "test_concurrent_futures.test_init", "test_concurrent_futures.test_wait",
    "test_ctypes", "test_curses", "test_dbm", "test_dbm_ndbm", "test_decimal",
    "test_ensurepip", "test_faulthandler", "test_getpath",
    "test_hashlib", "test_hmac", "test_httplib", "test_json", "test_locale",
    "test_lzma", "test_mmap", "test_multiprocessing_forkserver.test_misc",
    "test_multiprocessing_spawn.test_processes", "test_os",
    "test_posix", "test_posixpath", "test_pty", "test_pyexpat", "test_pyrepl",
    "test_readline", "test_repl", "test_runpy", "test_signal", "test_site",
    "test_socket", "test_sqlite3", "test_ssl", "test_subprocess", "test_sys",
    "test_sysconfig", "test_tarfile", "test_time", "test_unicodedata",
    "test_urllib2_localnet", "test_uuid", "test_venv", "test_xml_etree",
    "test_zipfile", "test_zipimport", "test_zlib", "test_zoneinfo",
)

def distribution(config: Config, *, here: bool = True) -> Counts:
    """Run all tests of the archive; without *here* only those in chroots."""
    if not targets.runs_here(config.platform):
        raise UsageError(f"{config.target} does not run on this machine")
    with (testbed.terminable(), driver.lock(config.layout),
          testbed.place() as place):
        testbed.testable(config.layout, place / "python")
        counts = Counts()
        if here:
            testbed.debuginfo(config.layout, place / "debuginfo")
            with hidden_work.aside(config.layout.work):
                counts += _on_this_machine(place, config.variant)
        return counts + _in_chroots(place, config.layout.logs)


def _tests(place: Path) -> Path:
    return InstalledTree(place / "python").library / "test"


def _runtime(place: Path) -> list[str]:
    """Return the names of the modules of our own tests."""
    return [f"{RUNTIME}.{path.stem}" for path in sorted(
        (_tests(place) / RUNTIME).glob("test_*.py"))]


def _present(place: Path) -> list[str]:
    """Return those of SELECTION that this version of CPython has.

    From 3.15 on, test_os contains test_posix.
    """
    tests = _tests(place)
    return [name for name in SELECTION
            if (path := tests / name.replace(".", "/")).is_dir()
            or path.with_name(f"{path.name}.py").exists()]


def _but(failures: Sequence[Failure]) -> list[str]:
    return [f"--ignore={failure.test}" for failure in failures]


def _on_this_machine(place: Path, variant: Variant) -> Counts:
    names = [*_runtime(place), *_present(place)]
    failures = expected_failures.on(expected_failures.HERE, variant, names)
    with children.watched() as left:
        code = testbed.run(place, [*names, *_but(failures)])
    counts = junit_counts(place / testbed.REPORT, names, code)
    return counts + children.failures(left) + sum(
        (_expected_failure(place, name, failure) for name in names
         for failure in expected_failures.on(
            expected_failures.HERE, variant, [name])),
        Counts())


def _expected_failure(place: Path, name: str, failure: Failure) -> Counts:
    """Count a test of the file *name* as passed if it still fails.

    If it passes, its entry in the list is out of date.
    """
    test = failure.test
    with tempfile.TemporaryFile() as output:
        testbed.run(place, [name, f"--match={test}"], output)
        results = set(junit_results(place / testbed.REPORT).values())
        if "failed" in results and "passed" not in results:
            print(f"fails as expected: {test}\n  {failure.reason}",
                  flush=True)
            return Counts(passed=1)
        output.seek(0)
        print(output.read().decode(errors="replace"))
    print(f"expected_failures.toml: {test} does not fail", flush=True)
    return Counts(failed=1)


def _in_chroots(place: Path, logs: Path) -> Counts:
    reason = chroots.unavailable()
    if reason:
        print(f"\nskipped: tests in chroots: {reason}", flush=True)
        return Counts(skipped=1)
    with contextlib.ExitStack() as stack:
        # All at once, because each runs one test after the other.
        started = [stack.enter_context(_in_chroot(chroot, place, logs))
                   for chroot in chroots.CHROOTS]
        return sum((finish() for finish in started), Counts())


@contextlib.contextmanager
def _in_chroot(chroot: Chroot, place: Path,
               logs: Path) -> Iterator[Callable[[], Counts]]:
    """Start our tests in *chroot*.

    Yield a function that waits for them, prints their output and returns
    the counts.
    """
    log = logs / f"chroot-{chroot.suite}.log"
    release = chroots.archive(chroot.suite, apt.archives(), log)
    if release is None:
        yield lambda: _no_release(chroot, log)
        return
    names = _runtime(place)
    own = testbed.neighbour(place, chroot.name)
    log = logs / f"check-{chroot.name.replace(' ', '-')}.log"
    print(f"\nin a chroot: {chroot.name}: the log is {log}", flush=True)
    with (log.open("w+b") as output,
          chroots.started(chroot, release, own, names, output) as child):
        def finish() -> Counts:
            code = child.wait()
            print(f"\nin a chroot: {chroot.name}", flush=True)
            sys.stdout.buffer.write(log.read_bytes())
            return junit_counts(own / testbed.REPORT, names, code,
                                may_skip=True)
        yield finish


def _no_release(chroot: Chroot, log: Path) -> Counts:
    """Count a release that cannot be downloaded.

    A mirror may leave it out, but the mirror that CI uses has it.
    """
    end = log.read_text(errors="replace").splitlines()[-30:]
    if "CI" in os.environ:
        print(*(f"  | {line}" for line in end), sep="\n")
        print(f"failed: no {chroot.suite} can be had, see {log}", flush=True)
        return Counts(failed=1)
    print(f"skipped: no {chroot.suite} can be had, see {log}: "
          f"{end[-1] if end else 'no message'}", flush=True)
    return Counts(skipped=1)
