"""`make bench`: compare what was built with another Python, PEER.

Both run on one processor of this machine, in turn.  The archive is
unpacked in OUT/work, so that a first run reads it from the disk.
"""

import contextlib
import datetime
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from standalone.bench import (
    benchmarks,
    chart,
    peer as peers,
    ratios,
    report,
    size,
    startup,
    system as systems,
)
from standalone.bench.peer import Python
from standalone.bench.ratios import Round
from standalone.bench.system import Failed, System
from standalone.bench.workers import Task, Workers
from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.formats import checksums, names
from standalone.formats.tree import InstalledTree
from standalone.pipeline import driver
from standalone.request import Config
from standalone.testing import testbed

#: Seconds after which `MODE=quick` starts no further round.
BUDGET = 600

# Rounds of the benchmarks, the least and the most, and of the start-up.
_ROUNDS = {"quick": (2, 5, 10), "full": (10, 10, 40)}


def bench(config: Config, peer: str, mode: str, words: str) -> None:
    """Measure, print a table, and write it as JSON and SVG to OUT.

    *words* are the names of benchmarks.  Raises UsageError if *peer* cannot
    be compared with the build, before anything is measured.
    """
    path = peers.check(peer)
    mode = benchmarks.check_mode(mode)
    with (testbed.terminable(), driver.lock(config.layout),
          _place(config) as place):
        testbed.shipped(config.layout, place / "python")
        where = peers.system(path, place)
        program = peers.unpacked(path, place)
        systems.enter(where)
        other = peers.python(program, where, f"PEER={peer}",
                             peers.label_of_archive(path))
        ours = peers.python(InstalledTree(place / "python").python, where,
                            "the build", str(config.name))
        peers.check_comparable(ours, other)
        pythons = {"ours": ours, "peer": other}
        driver.cpython(config)
        benchmarks.install(config, place / "packages")
        found = _compare(config, Workers(where, pythons, place / "packages"),
                         mode, words)
    _write(config, found)


@contextlib.contextmanager
def _place(config: Config) -> Iterator[Path]:
    """Make a directory for both Pythons, which is removed at the end.

    What a killed run left there is removed at the start.
    """
    place = config.layout.work / "bench"
    stamp.remove(place)
    try:
        for name in "home", "tmp":
            (place / name).mkdir(parents=True)
        yield place
    finally:
        stamp.remove(place)


def _compare(config: Config, workers: Workers, mode: str,
             words: str) -> dict[str, Any]:
    started, load = time.monotonic(), os.getloadavg()[0]
    known = benchmarks.load(workers.packages)
    chosen = [known[name] for name in benchmarks.choose(known, mode, words)]
    where, pythons = workers.system, workers.pythons
    least, most, startups = _ROUNDS[mode]
    with systems.pinned() as cpu:
        machine = report.machine(cpu, load)
        times, memory = _startup(where, pythons, startups)
        skipped: dict[str, str] = {}
        tasks = list(_tasks(workers, chosen, skipped))
        until = started + BUDGET if mode == "quick" else float("inf")
        speed = _rounds(workers, tasks, skipped, least, most, until)
    if not speed:
        raise BuildError("no benchmark could be run", hint="\n".join(
            f"{name}: {reason}" for name, reason in skipped.items()))
    return report.document(pythons, report.Measured(
        speed, skipped, times, memory, sizes={
            name: size.size(where, python)
            for name, python in pythons.items()},
        tree=size.tree(where.place / "python"),
        archives=_archives(config)), {
            "mode": mode,
            "date": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"),
            "seconds": round(time.monotonic() - started),
            "machine": machine | {
                "load_after": round(os.getloadavg()[0], 2)}})


def _startup(where: System, pythons: dict[str, Python], rounds: int
             ) -> tuple[dict[str, list[Round]],
                        dict[str, dict[str, startup.Memory]]]:
    """Return the times and the memory.  Raises BuildError."""
    print("start-up", flush=True)
    try:
        return (startup.time(where, pythons, rounds),
                {name: startup.memory(where, python)
                 for name, python in pythons.items()})
    except Failed as exc:
        raise BuildError(f"start-up cannot be measured: {exc}") from exc


def _tasks(workers: Workers, chosen: list[benchmarks.Benchmark],
           skipped: dict[str, str]) -> Iterator[Task]:
    """Yield all tasks of *chosen*; add to *skipped* what cannot be run."""
    print(f"calibration of {len(chosen)} benchmarks", flush=True)
    feature = workers.pythons["ours"].facts["feature"]
    for number, benchmark in enumerate(chosen, 1):
        _say(f"calibration, {number} of {len(chosen)}: {benchmark.name}")
        reason = benchmarks.unsuitable(benchmark, feature)
        try:
            if not reason:
                yield from workers.tasks(benchmark)
        except Failed as exc:
            reason = str(exc)
        if reason:
            skipped[benchmark.name] = reason


def _rounds(workers: Workers, tasks: list[Task], skipped: dict[str, str],
            least: int, most: int, until: float) -> dict[Task, list[Round]]:
    """Run all tasks in rounds.

    After *least* rounds, none starts that would not end before *until*.
    """
    found: dict[Task, list[Round]] = {task: [] for task in tasks}
    for number in range(most):
        started = time.monotonic()
        for count, task in enumerate([*found], 1):
            _say(f"round {number + 1} of at most {most}, {count} of "
                 f"{len(found)}: {task.name}")
            try:
                found[task].append(workers.round(task, number))
            except Failed as exc:
                skipped[task.name] = str(exc)
                del found[task]
        if not found:
            break
        now = time.monotonic()
        _say("")
        print(f"round {number + 1}: {now - started:.0f} s, geometric mean "
              f"{ratios.speed(found.values()).value:.3f}", flush=True)
        if number + 1 >= least and now + (now - started) > until:
            break
    return found


def _archives(config: Config) -> dict[str, int]:
    sums = checksums.read(config.layout.stage("archive") / checksums.FILE)
    paths = [config.layout.out / str(archive)
             for archive in names.archives(sums)
             if archive.kind == "install_only_stripped"]
    return {path.name: path.stat().st_size for path in paths
            if path.exists()}


def _write(config: Config, found: Mapping[str, Any]) -> None:
    stem = config.layout.out / (
        f"bench-{config.name}-vs-{found['peer']['label']}")
    texts = {".json": json.dumps(found, indent=1) + "\n",
             ".svg": chart.svg(found)}
    print(f"\n{report.table(found)}")
    for suffix, text in texts.items():
        path = stem.with_name(stem.name + suffix)
        stamp.write_atomic(path, text)
        print(path, flush=True)


def _say(text: str) -> None:
    """Show progress on a terminal, in one line.

    Without a terminal, the lines about phases and rounds are enough.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:78]}")
        sys.stderr.flush()
