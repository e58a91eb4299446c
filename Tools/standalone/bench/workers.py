"""Run benchmarks: each measurement is a worker process of pyperf's.

pyperf's own manager starts all workers of one Python before those of the
next.  So we start the workers, with the same arguments, in turn.
https://pyperf.readthedocs.io/en/latest/run_benchmark.html
"""

import itertools
import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.bench.benchmarks import Benchmark
from standalone.bench.peer import Python
from standalone.bench.ratios import Round, in_turn
from standalone.bench.system import Failed, System

# Seconds of a measurement: pyperf's default.
_MIN_TIME = 0.1
# Times differ more between processes than within one, so few values of many
# processes are better than the reverse.
_WARMUPS, _VALUES = 1, 2


@dataclass(frozen=True)
class Task:
    """One of the things that a script measures, and how often it does."""

    benchmark: Benchmark
    number: int
    name: str
    loops: int


@dataclass(frozen=True)
class Workers:
    """The workers of both Pythons, which import pyperf from *packages*."""

    system: System
    pythons: dict[str, Python]   # by "ours" and "peer"
    packages: Path

    def tasks(self, benchmark: Benchmark) -> Iterator[Task]:
        """Yield what a script measures, with loops calibrated by ours.

        Both Pythons then do the same number of loops.  Raises Failed if
        either Python cannot run it.
        """
        for number in itertools.count():
            run = self._run("ours", benchmark, number, 0, [
                "--calibrate-loops", "--values=1", "--warmups=0",
                f"--min-time={_MIN_TIME}"])
            if run is None:      # the script has no more
                return
            task = Task(benchmark, number, run["metadata"]["name"],
                        run["metadata"]["loops"])
            self._seconds("peer", task, 0, values=1, warmups=0)
            yield task

    def round(self, task: Task, number: int) -> Round:
        """Measure a task twice with each Python.  Raises Failed."""
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        for name in in_turn(number):
            times[name].append(self._seconds(
                name, task, number, values=_VALUES, warmups=_WARMUPS))
        (o1, o2), (p1, p2) = times["ours"], times["peer"]
        return Round((o1, o2), (p1, p2))

    def _seconds(self, name: str, task: Task, seed: int, *, values: int,
                 warmups: int) -> float:
        run = self._run(name, task.benchmark, task.number, seed, [
            f"--loops={task.loops}", f"--values={values}",
            f"--warmups={warmups}"])
        if run is None:
            raise Failed("nothing was measured")
        seconds: list[float] = run["benchmarks"][0]["runs"][0]["values"]
        return statistics.median(seconds)

    def _run(self, name: str, benchmark: Benchmark, task: int, seed: int,
             arguments: list[str]) -> dict[str, Any] | None:
        """Return pyperf's document; None if the script has no such task."""
        env = self.system.environment([self.packages, *benchmark.vendored])
        # Both Pythons have the same hash collisions in a round.
        env["PYTHONHASHSEED"] = str(seed)
        with tempfile.TemporaryFile() as pipe:
            self.system.run(
                [self.pythons[name].program,
                 self.system.inside(benchmark.script), *benchmark.options,
                 "--worker", f"--pipe={pipe.fileno()}",
                 f"--worker-task={task}", *arguments],
                env, pipe=pipe.fileno())
            pipe.seek(0)
            text = pipe.read()
        if not text.strip():
            return None
        try:
            document: dict[str, Any] = json.loads(text)
        except ValueError:
            raise Failed("the result is not JSON") from None
        return document
