"""Run the programs that train a profile, in addition to CPython's tests.

Run this file with the instrumented Python:

    python3 load.py [--scale=NUMBER] [NAME ...]

It needs only the standard library.  For the same work in each run, set
PYTHONHASHSEED.  It prints the seconds that each workload took.  If one
raises an exception or returns a wrong result, it prints a traceback with
the name of the workload, and exits with 1.

The workloads are meant to resemble the programs that people run, not any
benchmark: otherwise that benchmark would no longer tell how fast other
programs are.  Each takes about 0.7 seconds with an ordinary build, so that
none of them dominates the profile.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if not __package__:              # run as `python3 load.py`
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from standalone.training.workloads import (
    arithmetic,
    containers,
    data,
    documents,
    flow,
    functions,
    objects,
    programs,
    puzzles,
    records,
    system,
    texts,
)


@dataclass(frozen=True)
class Workload:
    """A function, how often to call it, and what it returns each time."""

    function: Callable[[], Any]
    rounds: int
    result: Any


class Wrong(Exception):
    """A workload returned something else than it should."""


_TABLE = (
    Workload(objects.shapes, 100, 11427463),
    Workload(objects.accounts, 170, (4000, 66)),
    Workload(objects.operators, 200, (-305570, "Vector(800, 1600, -77400)")),
    Workload(records.records, 300, (82, 2023, 89869)),
    Workload(records.copies, 350, (31, 36, True)),
    Workload(functions.decorators, 250, (957600, 48280, 393119)),
    Workload(functions.errors, 60, (400, 400, 400, 1200, 1200)),
    Workload(functions.patterns, 550, ("('+', ('+', ('+', ('", 364)),
    Workload(flow.generators, 400, (958776, 749.5, 2341, [45, 32, 21, 12, 5])),
    Workload(flow.coroutines, 1300, (4831, 307)),
    Workload(flow.tasks, 160, (89700, 4, 89)),
    Workload(flow.streams, 30, (2560, 8)),
    Workload(flow.threads, 70, (12679, 200, [6, 28])),
    Workload(arithmetic.orbits, 300, (0.0, 0.25)),
    Workload(arithmetic.matrices, 200, (1.0, 2.885216, 26.6289)),
    Workload(arithmetic.fractals, 110, (313, 8165, 0.0)),
    Workload(arithmetic.integers, 110, (2262, 327, 31111, 13040)),
    Workload(arithmetic.digits, 250, ("9689258923", 2466, True)),
    Workload(arithmetic.decimals, 800,
             ("1668.77", "6.33806546561135919937",
              "2066035355155033 3.847799 19.5")),
    Workload(arithmetic.chance, 160, (True, True, 83)),
    Workload(texts.formatting, 120, (38686, "'So'", 6136)),
    Workload(texts.expressions, 600, (3849, "before mo", 68, 420)),
    Workload(texts.words, 600,
             ([("the", 98), ("and", 35), ("of", 14)], "we 7 to $me.",
              36.375)),
    Workload(texts.times, 120,
             ("29.02.24 12:05 26 27 28 29", 56, "2059-01-17")),
    Workload(documents.documents, 350, (22887, True, 215)),
    Workload(documents.tables, 160, (500, 56049, 3995.62)),
    Workload(documents.trees, 200, (885, "Volume 7 & <more>", 245)),
    Workload(documents.pages, 70, (1565, 151, 27)),
    Workload(documents.messages, 10,
             ("Grüße 2", 1236, ["example.org", "example.org"])),
    Workload(containers.collections, 700, (233954, 874, 535, [324, 270, 216])),
    Workload(containers.sorting, 200, (29731, "g0", 434, 2394)),
    Workload(containers.iteration, 500, (737, 3904, 2045, "ababxyzx300")),
    Workload(data.pickles, 200, (40, 91, True)),
    Workload(data.binary, 250, (124750167, 149, 0.5)),
    Workload(data.digests, 20, ("c3d7d746ad2f8caa", "edb57c7f", 874848216)),
    Workload(data.compression, 20,
             (18217, ["d/6.txt", "d/7.txt", "a/b.txt"], True)),
    Workload(data.databases, 300,
             (7191, [("name 29", 420), ("name 28", 400)], 400)),
    Workload(system.files, 30,
             (11780, 260, ["copy", "d0", "d1", "d2", "d3", "link",
              "b/../c.tar.gz"])),
    Workload(system.starts, 2,
             [(0, ""), (0, ""), (0, "42"), (0, "42"), (0, "[1, 2]"),
              (1, "no")]),
    Workload(system.sources, 10, True),
    Workload(system.tokens, 90, True),
    Workload(system.logs, 100, (120, 6, 0)),
    Workload(system.arguments, 60, (21, 2, True)),
    Workload(system.unit_tests, 200, (4, 1, True)),
    Workload(programs.interpreter, 100, 43090),
    Workload(programs.rays, 50, "         .-=++**####%%%.     .: "),
    Workload(programs.simulation, 110, (True, 6)),
    Workload(puzzles.queens, 250, (92, 4, [1, 3, 5, 0, 2, 4])),
    Workload(puzzles.sudoku, 200, "534678912|672195348|198342567"),
    Workload(puzzles.board, 180, (4, True)),
    Workload(puzzles.searches, 70, ((178, 50), 27)),
)

WORKLOADS: Mapping[str, Workload] = {
    workload.function.__name__: workload for workload in _TABLE}


def run(name: str, scale: float) -> float:
    """Run a workload; return the seconds it took.

    It is called *scale* times as often as the table says, but at least
    once.  Raises Wrong, or whatever the workload raises.
    """
    workload = WORKLOADS[name]
    started = time.perf_counter()
    for _ in range(max(1, round(workload.rounds * scale))):
        found = workload.function()
        if found != workload.result:
            raise Wrong(f"{found!r}, not {workload.result!r}")
    return time.perf_counter() - started


def main(argv: list[str]) -> None:
    """Run the workloads that *argv* names, or all.

    Raises what a workload raises, with a note that names the workload.
    """
    parser = argparse.ArgumentParser(
        prog="load.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, metavar="NUMBER",
                        help="call each this many times as often as usual")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="run only these workloads")
    arguments = parser.parse_args(argv)
    for name in arguments.names:
        if name not in WORKLOADS:
            parser.error(f"no workload {name!r}; there are: "
                         f"{', '.join(WORKLOADS)}")
    total = 0.0
    for name in arguments.names or WORKLOADS:
        try:
            seconds = run(name, arguments.scale)
        except Exception as exc:
            exc.add_note(f"load.py: error: {name} failed")
            raise
        total += seconds
        print(f"{seconds:7.2f} s  {name}", flush=True)
    print(f"{total:7.2f} s  in all, {os.path.basename(sys.executable)}")


if __name__ == "__main__":
    main(sys.argv[1:])
