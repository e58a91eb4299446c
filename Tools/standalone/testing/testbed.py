"""The finished archive, unpacked far from where it was built.

A *place* is a directory that has the tree below ``python``, and ``home``
and ``tmp`` of an ordinary user who cannot write to the tree.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import IO

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.layout import Layout
from standalone.formats import checksums, names
from standalone.formats.tree import InstalledTree
from standalone.sources import unpack
from standalone.testing import children

#: The name of a place: quoting and decoding have to be right.
NAME = "mövéd elsewhere"
#: Where a place has the results of the last run.
REPORT = "home/report.xml"
# Seconds; regrtest waits 30 for its workers.
_GRACE = 60
NOBODY = 65534                   # by convention, on every Linux

# Whatever else regrtest knows wants the network, a display or much time.
_RESOURCES = "curses,subprocess"


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """End the body on SIGTERM and SIGHUP as on Ctrl-C.

    Signals that are ignored stay ignored: nohup ignores SIGHUP.
    """
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt
    before = {number: signal.signal(number, interrupt)
              for number in (signal.SIGTERM, signal.SIGHUP)
              if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """Make a place that belongs to the tests' user, without a tree yet."""
    top = Path(tempfile.mkdtemp(prefix="standalone-"))
    try:
        made = top / NAME
        for directory in (top, made, made / "home", made / "tmp"):
            directory.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                os.chown(directory, NOBODY, NOBODY)
        yield made
    finally:
        stamp.remove(top)


def neighbour(place: Path, name: str) -> Path:
    """Make a place in *place* that has the same tree and its own results."""
    made = place / name
    (made / REPORT).parent.mkdir(parents=True)
    (made / "python").symlink_to(place / "python")
    return made


def shipped(layout: Layout, tree: Path) -> None:
    """Unpack install_only_stripped as *tree*.

    Raises UsageError if nothing has been built.
    """
    _unpack(layout, "install_only_stripped", tree)


def testable(layout: Layout, tree: Path) -> None:
    """Unpack the same with the tests over it, and make it read-only."""
    shipped(layout, tree)
    tests = tree.with_name("tests")
    _unpack(layout, "tests", tests)
    shutil.copytree(tests, tree, symlinks=True, dirs_exist_ok=True)
    stamp.remove(tests)
    _add_static_library(layout.stage("tree") / "install", tree)
    for parent, _, _ in os.walk(tree):
        os.chmod(parent, 0o555)


def _unpack(layout: Layout, kind: str, target: Path) -> None:
    try:
        sums = checksums.read(layout.stage("archive") / checksums.FILE)
        [archive] = [archive for archive in names.archives(sums)
                     if (archive.kind, archive.compression) == (kind, "gz")]
    except (OSError, ValueError) as exc:
        raise UsageError("nothing to check has been built",
                         hint="make standalone") from exc
    unpack.unpack(layout.out / str(archive), target)


def debuginfo(layout: Layout, directory: Path) -> None:
    """Copy what the archive of debug information has to *directory*.

    Tests put it over a copy of the tree.
    """
    shutil.copytree(layout.stage("tree") / "debug", directory,
                    symlinks=True)


def _add_static_library(built: Path, tree: Path) -> None:
    """Add libpython's archive, which only the full archive has."""
    static = InstalledTree(built).static_library
    target = tree / static.parent.relative_to(built)
    shutil.copy2(static, target)
    shutil.copytree(static.with_name("pkgconfig"), target / "pkgconfig",
                    symlinks=True)


def regrtest(here: PurePath, arguments: Sequence[str],
             python: str = "") -> list[str]:
    """Return the command that runs CPython's test runner in *here*.

    It uses the *python* there unless another is given.
    """
    return [python or str(here / "python" / "bin" / "python3"), "-m", "test",
            f"-j{len(os.sched_getaffinity(0))}", f"-u{_RESOURCES}",
            "--timeout=600", "-W", f"--tempdir={here / 'tmp'}",
            f"--junit-xml={here / REPORT}", *arguments]


def environment(here: PurePath) -> dict[str, str]:
    """Return all variables that the tests have."""
    return {"HOME": str(here / "home"), "PATH": "/usr/bin:/bin",
            "TERM": "xterm-256color"}


def run(here: Path, arguments: Sequence[str],
        output: IO[bytes] | None = None,
        variables: Mapping[str, str] = MappingProxyType({})) -> int:
    """Run regrtest on this machine, as nobody if we are root.

    Return its exit code.  *arguments* are its options and the names of
    tests.
    """
    (here / REPORT).unlink(missing_ok=True)
    root = os.geteuid() == 0
    with children.interruptible():
        child = subprocess.Popen(
            regrtest(here, arguments),
            env={**environment(here), **variables}, cwd=here / "home",
            stdin=subprocess.DEVNULL, stdout=output,
            stderr=output and subprocess.STDOUT, process_group=0,
            user=NOBODY if root else None, group=NOBODY if root else None,
            extra_groups=[] if root else None)
    try:
        return child.wait()
    except BaseException:
        # It ends its workers, each of which is in a session of its own.
        child.send_signal(signal.SIGINT)
        children.end(child, _GRACE)
        raise
