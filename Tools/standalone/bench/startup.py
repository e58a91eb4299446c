"""Start-up: how long it takes, and how much memory it needs."""

import json
import os
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from standalone.bench import clock
from standalone.bench.peer import Python
from standalone.bench.ratios import Round, in_turn
from standalone.bench.system import DEADLINE, Failed, System

#: What many programs import.
MODULES = "asyncio, json, re, pathlib, ssl, http.client"
#: Case → the arguments of Python.
CASES = {
    "-c pass": ("-c", "pass"),
    "-S -c pass": ("-S", "-c", "pass"),
    "-I -c 'import ...'": ("-I", "-c", f"import {MODULES}"),
}
#: The last of them, with files that the kernel has to read from the disk.
COLD_CASE = "-I -c 'import ...', first run"

_RUNS = 5                        # for one time
_COLD_ROUNDS = 10
_MEMORY_RUNS = 5

# Prints the files that a Python has read.
_FILES = f"""
import {MODULES}, sys
found = set()
for module in [*sys.modules.values()]:
    for name in "__file__", "__cached__":
        found.add(getattr(module, name, None))
for line in open("/proc/self/maps"):
    found.add(line.split(maxsplit=5)[-1].strip())
print(*(name for name in found if name and name.startswith("/")), sep="\\0")
"""
_MEMORY = '; print(open("/proc/self/status").read())'


@dataclass(frozen=True)
class Memory:
    """The largest resident memory of a process, in bytes.

    *own* is the part that is not a file's, so processes do not share it.
    """

    resident: int
    own: int


def time(system: System, pythons: dict[str, Python], rounds: int
         ) -> dict[str, list[Round]]:
    """Return the rounds of each case, measured in turn.

    Raises Failed if one of the Pythons cannot run a case.
    """
    found = {}
    for case, arguments in CASES.items():
        found[case] = _measure(system, pythons, arguments, rounds, _RUNS, {})
    if not _is_ours(system, pythons["peer"]):
        files = {name: _files(system, python)
                 for name, python in pythons.items()}
        found[COLD_CASE] = _measure(
            system, pythons, arguments, min(rounds, _COLD_ROUNDS), 1, files)
    return found


def _measure(system: System, pythons: dict[str, Python],
             arguments: tuple[str, ...], rounds: int, runs: int,
             evict: dict[str, list[str]]) -> list[Round]:
    order = [name for number in range(rounds) for name in in_turn(number)]
    request = {
        "root": system.root and str(system.root), "env": system.environment(),
        "commands": {name: [python.program, *arguments]
                     for name, python in pythons.items()},
        "order": order, "runs": runs, "evict": evict}
    seconds = _clock(request)
    return [_round(order[start:start + 4], seconds[start:start + 4])
            for start in range(0, len(order), 4)]


def _round(order: list[str], seconds: list[float]) -> Round:
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for name, taken in zip(order, seconds, strict=True):
        times[name].append(taken)
    (o1, o2), (p1, p2) = times["ours"], times["peer"]
    return Round((o1, o2), (p1, p2))


def _clock(request: dict[str, Any]) -> list[float]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", clock.__file__], text=True,
            input=json.dumps(request), capture_output=True,
            timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {DEADLINE} s") from None
    if done.returncode:
        raise Failed(done.stderr.strip().splitlines()[-1])
    found: list[float] = json.loads(done.stdout)
    return found


def _is_ours(system: System, python: Python) -> bool:
    """Is it the Python that runs the tools?  Its files stay in memory."""
    return os.path.realpath(sys.executable) == os.path.realpath(
        system.outside(python.facts["executable"]))


def _files(system: System, python: Python) -> list[str]:
    text = system.run([python.program, "-I", "-c", _FILES],
                      system.environment())
    return sorted(text.strip().split("\0"))


def memory(system: System, python: Python) -> dict[str, Memory]:
    """Return the memory that each case needs.  Raises Failed."""
    found = {}
    for case, (*options, code) in CASES.items():
        texts = [system.run([python.program, *options, code + _MEMORY],
                            system.environment())
                 for _ in range(_MEMORY_RUNS)]
        found[case] = Memory(*(int(statistics.median(
            _kilobytes(text, name) for text in texts)) * 1024
            for name in ("VmHWM", "RssAnon")))
    return found


def _kilobytes(status: str, name: str) -> int:
    """https://man7.org/linux/man-pages/man5/proc_pid_status.5.html"""
    found = re.search(rf"(?m)^{name}:\s+(\d+) kB$", status)
    if not found:
        raise Failed(f"/proc/self/status has no {name}")
    return int(found[1])
