"""Measure how long programs take from their start to their end.

This file is a program of its own.  It is run by the Python that runs the
tools, not by one of those that are compared: the files that this process
uses stay in memory.  It reads a request as JSON from standard input and
prints a list of seconds.
"""

import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any


def main(request: Mapping[str, Any]) -> list[float]:
    """Return the median time of each element of *order*, in seconds.

    Each of these runs one of *commands* several times.  Before each run,
    the kernel is asked to drop the files in *evict*, so that they are read
    from the disk.
    """
    if request["root"]:
        os.chroot(request["root"])
        os.chdir("/")
    return [statistics.median(
        _seconds(request["commands"][name], request["env"],
                 request["evict"].get(name, ()))
        for _ in range(request["runs"])) for name in request["order"]]


def _seconds(argv: list[str], env: Mapping[str, str],
             evicted: Sequence[str]) -> float:
    for path in evicted:
        _evict(path)
    started = time.perf_counter()
    # Starts with vfork(), so our own size does not matter.
    pid = os.posix_spawn(argv[0], argv, env)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - started
    if status:
        code = os.waitstatus_to_exitcode(status)
        sys.exit(f"{argv[0]} failed with exit code {code}")
    return seconds


def _evict(path: str) -> None:
    """https://man7.org/linux/man-pages/man2/posix_fadvise.2.html"""
    with contextlib.suppress(OSError):           # a file without a disk
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
