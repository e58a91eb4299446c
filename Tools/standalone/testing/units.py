"""Run a package of unit tests: each module in a process of its own.

Several run at once.  When a module has ended, its whole output is shown if
a test failed, otherwise one line.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from standalone.core.layout import ROOT
from standalone.testing import children, testbed
from standalone.testing.results import Counts, unittest_counts

#: Seconds without a line or a dot: longer than any test may take.
SILENCE = 1800
_GRACE = 30                      # seconds, for tests to end

# They start first, the others by size: a module that takes a minute and
# starts last would run alone.
_SLOW = ("test_cpython_overlay_trees", "test_toolchain_sysroot",
         "test_toolchain_compilers", "test_sources_host", "test_frozen")


def run(python: str, package: Path, env: Mapping[str, str],
        pattern: str = "test_*.py", *, jobs: int = 1) -> Counts:
    """Run the modules of *package* that match *pattern*, *jobs* at once.

    Processes that tests leave running are ended and count as failures.
    """
    files = sorted(package.glob(pattern), reverse=True, key=lambda path: (
        path.stem in _SLOW, path.stat().st_size))
    print(f"\nunit tests: {package.name}", flush=True)
    counts, stop = Counts(), threading.Event()
    if not files:
        print(f"failed: no module {pattern} in {package}", flush=True)
        counts += Counts(failed=1)
    with (testbed.terminable(), children.watched() as left,
          children.interruptible(), ThreadPoolExecutor(jobs) as pool):
        tasks = [pool.submit(_module, [
            python, "-m", "unittest", "discover", "-s", str(package),
            "-t", str(package.parent), "-p", path.name], env, path.stem, stop)
            for path in files]
        try:
            for task in as_completed(tasks):
                counts += task.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return counts + children.failures(left)


def _module(argv: Sequence[str], env: Mapping[str, str], name: str,
            stop: threading.Event) -> Counts:
    """Run the tests of one module and show how they went."""
    started = time.monotonic()
    said: list[bytes] = []
    code = watch(argv, env, said.append, stop)
    text = b"".join(said)
    counts = unittest_counts(text[-2000:].decode(errors="replace"), code)
    seconds = time.monotonic() - started
    if counts == Counts():
        said.append(b"failed: no tests\n")
        text, counts = b"".join(said), Counts(failed=1)
    if counts.failed:
        sys.stdout.buffer.write(text)
    print(f"{name}: {counts} in {seconds:.1f} s", flush=True)
    return counts


def watch(argv: Sequence[str], env: Mapping[str, str],
          write: Callable[[bytes], object], stop: threading.Event) -> int:
    """Pass what a command prints to *write*; return its exit code.

    It is ended when *stop* is set, and if it prints nothing for longer
    than any test may take; then the code is 1.
    """
    child = subprocess.Popen(
        argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0)
    assert child.stdout is not None
    until = time.monotonic() + SILENCE
    try:
        while (not stop.is_set()
               and (seconds := until - time.monotonic()) > 0):
            ended = child.poll() is not None
            # Not too short: a process that writes may have to wait for a core.
            wait = min(1, max(seconds, 0.3))
            if select.select([child.stdout], [], [], wait)[0]:
                data = os.read(child.stdout.fileno(), 1 << 16)
                if data:
                    write(data)
                    # What others print after its end does not count.
                    if not ended:
                        until = time.monotonic() + SILENCE
                    continue
                # It may have closed its output, and still be at work.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(wait)
                ended = child.poll() is not None
            # What it has left running may have its output still open.
            if ended:
                return child.returncode
        if not stop.is_set():
            write(f"\nfailed: no test has ended for {SILENCE} seconds\n"
                  .encode())
        return 1
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            children.end(child, _GRACE)
        child.stdout.close()
