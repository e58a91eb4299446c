"""End programs that run tests, and the processes that they leave behind.

This process is a subreaper: orphans become its children, whatever session
or group they are in, so it finds them after a run:
https://man7.org/linux/man-pages/man2/prctl.2.html
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from standalone.testing.results import Counts

_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 5                       # seconds for processes to end


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Run the body, then kill the processes that it left behind.

    Yield a list, to which their command lines are added at the end.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _children()
    left: list[str] = []
    try:
        yield left
    finally:
        left += _end(before)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let programs that the body starts receive SIGINT.

    Background commands of a shell ignore SIGINT, and their children
    inherit that.  They do not inherit a handler, so set one.
    """
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def end(child: subprocess.Popen[bytes], grace: float) -> None:
    """Wait *grace* seconds for *child* to end, then kill its group."""
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def failures(left: Sequence[str]) -> Counts:
    """Print the commands that tests *left* running; return the count."""
    for command in left:
        print(f"failed: left running: {command}", flush=True)
    return Counts(failed=len(left))


def _end(before: set[int]) -> list[str]:
    """Kill all children except *before*, and the orphans they leave.

    Return their command lines.
    """
    until = time.monotonic() + _GRACE
    while _running(before) and time.monotonic() < until:
        time.sleep(0.05)
    found = {}
    while pids := _running(before):
        for pid in pids:
            found[pid] = _command(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return list(found.values())


def _running(before: set[int]) -> set[int]:
    """Return our children except *before*; reap those that ended."""
    pids = _children() - before
    for pid in [*pids]:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                pids.remove(pid)
    return pids


def _children() -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):       # it has just ended
            # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html:
            # the command in parentheses may itself contain parentheses.
            fields = path.read_text(errors="replace").rpartition(")")[2]
            if int(fields.split()[1]) == os.getpid():
                found.add(int(path.parent.name))
    return found


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    return b" ".join(words).decode(errors="replace").strip() or str(pid)
