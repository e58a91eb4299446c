"""What a comparison has found: as JSON, and as a table.

The table and the plot are made from the JSON document only, which
docs/formats.md describes.
"""

import os
import platform
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from standalone.bench import ratios
from standalone.bench.peer import Python
from standalone.bench.ratios import Ratio, Round
from standalone.bench.size import Size
from standalone.bench.startup import MODULES, Memory
from standalone.bench.workers import Task

#: How many benchmarks the table has at each end.
EXTREMES = 10
#: The load average from which on the table says that others were running.
BUSY = 0.5


@dataclass(frozen=True)
class Measured:
    """Everything that a comparison has measured.

    *sizes* and *memory* have the keys "ours" and "peer"; *archives* are the
    sizes of our files, and *tree* is that of our whole tree, in bytes.
    """

    speed: Mapping[Task, Sequence[Round]]
    skipped: Mapping[str, str]
    startup: Mapping[str, Sequence[Round]]
    memory: Mapping[str, Mapping[str, Memory]]
    sizes: Mapping[str, Size]
    tree: int
    archives: Mapping[str, int]


def machine(cpu: int, load: float) -> dict[str, Any]:
    """Describe this machine, where *cpu* runs everything.

    *load* is its load average before the start.
    """
    return {"processor": _processor(), "processors": os.cpu_count(),
            "measured_on": cpu, "kernel": platform.release(),
            "load_before": round(load, 2)}


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        text = ""
    found = re.search(r"(?m)^model name\s*: (.+)$", text)
    return found[1] if found else platform.machine()


def document(pythons: Mapping[str, Python], measured: Measured,
             circumstances: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON document.  *circumstances* are its first keys."""
    return {
        "schema": 1, **circumstances,
        **{name: {"label": python.label, "program": python.program,
                  **python.facts} for name, python in pythons.items()},
        "speed": _speed(measured.speed) | {"skipped": {**measured.skipped}},
        "startup": {case: _times(rounds)
                    for case, rounds in measured.startup.items()},
        "memory": {case: {name: asdict(found[case])
                          for name, found in measured.memory.items()}
                   for case in measured.memory["ours"]},
        "size": {name: asdict(size) for name, size in measured.sizes.items()}
                | {"tree": measured.tree, "archives": {**measured.archives}},
    }


def _speed(found: Mapping[Task, Sequence[Round]]) -> dict[str, Any]:
    rounds = list(found.values())
    return {
        "ratio": asdict(ratios.speed(rounds)),
        "against_itself": asdict(ratios.against_itself(rounds)),
        "noise_percent": ratios.noise(rounds),
        "rounds": min(map(len, rounds)),
        "benchmarks": {
            task.name: {"ratio": asdict(ratios.speed([each])),
                        "loops": task.loops, **_lists(each)}
            for task, each in found.items()}}


def _times(rounds: Sequence[Round]) -> dict[str, Any]:
    return {"time_ratio": asdict(ratios.speed([rounds]).inverse),
            "noise_percent": ratios.noise([rounds]), **_lists(rounds)}


def _lists(rounds: Sequence[Round]) -> dict[str, Any]:
    return {"ours": [list(each.ours) for each in rounds],
            "peer": [list(each.peer) for each in rounds]}


def table(document: Mapping[str, Any]) -> str:
    """Return the text that `make bench` ends with."""
    return "\n".join([
        f"{title(document)}: {document['mode']}, on processor "
        f"{document['machine']['measured_on']} of "
        f"{document['machine']['processor']}",
        *_warnings(document),
        *_speed_lines(document["speed"]), *_startup_lines(document["startup"]),
        *_memory_lines(document["memory"]), *_size_lines(document["size"]),
        ""])


def _warnings(document: Mapping[str, Any]) -> Iterable[str]:
    load = document["machine"]["load_before"]
    if load > BUSY:
        yield (f"load average {load} before the start: other programs were "
               "running")
    for key, meaning in (("gil", "has a GIL"), ("debug", "is a debug build")):
        if document["ours"][key] != document["peer"][key]:
            name = "ours" if document["ours"][key] else "the peer"
            yield f"only {name} {meaning}"


def title(document: Mapping[str, Any]) -> str:
    """Return the names of the two: ours and the peer."""
    return "{} and {}".format(*(_name(document[key])
                                for key in ("ours", "peer")))


def _name(python: Mapping[str, Any]) -> str:
    label, version = python["label"], python["version"]
    return str(label if version in label else f"{label} ({version})")


def ratio(found: Mapping[str, Any]) -> Ratio:
    """Return a ratio of the document."""
    return Ratio(**found)


def _interval(found: Mapping[str, Any]) -> str:
    value = ratio(found)
    text = f"{value.value:.3f}"
    if value.low is not None:
        text += f"  {value.low:.3f} to {value.high:.3f}"
    return text


def _speed_lines(speed: Mapping[str, Any]) -> Iterable[str]:
    benchmarks = speed["benchmarks"]
    yield ("\nspeed: how many times as fast ours is, with 95 % confidence, "
           f"in {speed['rounds']} rounds")
    means = f"geometric mean of {len(benchmarks)}"
    width = max(map(len, (*benchmarks, means)))
    yield f"  {means:<{width}}  {_interval(speed['ratio'])}"
    yield (f"  {'ours against itself':<{width}}  "
           f"{_interval(speed['against_itself'])}")
    yield (f"  {'noise':<{width}}  {speed['noise_percent']:.1f} %, the median "
           "difference of two runs of one program")
    ordered = sorted(benchmarks, key=lambda name: (
        benchmarks[name]["ratio"]["value"]))
    parts = {"all, the slowest first": ordered}
    if len(ordered) > 2 * EXTREMES:
        parts = {f"the {EXTREMES} slowest": ordered[:EXTREMES],
                 f"the {EXTREMES} fastest": ordered[-EXTREMES:]}
    for heading, names in parts.items():
        yield f"  {heading}"
        yield from (f"    {name:<{width}}"
                    f"{_interval(benchmarks[name]['ratio'])}"
                    for name in names)
    for name, reason in speed["skipped"].items():
        yield f"  not run: {name}: {reason}"


def _startup_lines(startup: Mapping[str, Any]) -> Iterable[str]:
    yield from _rows("start-up: time in milliseconds, ours / peer", {
        case: (*(f"{1000 * _median(found[name]):.1f}"
                 for name in ("ours", "peer")),
               f"{_interval(found['time_ratio'])}  "
               f"(noise {found['noise_percent']:.1f} %)")
        for case, found in startup.items()})
    yield f"  ...: {MODULES}"


def _median(pairs: Sequence[Sequence[float]]) -> float:
    return statistics.median(value for pair in pairs for value in pair)


def _memory_lines(memory: Mapping[str, Any]) -> Iterable[str]:
    yield from _rows("memory: resident, in MB, ours / peer", {
        f"{case}{suffix}": _megabytes(found["ours"][key], found["peer"][key])
        for case, found in memory.items()
        for key, suffix in (("resident", ""), ("own", ", not shared"))})


def _size_lines(size: Mapping[str, Any]) -> Iterable[str]:
    yield from _rows("size: in MB, ours / peer", {
        heading: _megabytes(size["ours"][key], size["peer"][key])
        for key, heading in (
            ("interpreter", "interpreter"), ("libpython", "libpython"),
            ("library", "standard library"),
            ("compressed", "these three as .tar.gz"))})
    yield f"  our whole tree: {size['tree'] / 1e6:.1f} MB"
    yield from (f"  {name}: {value / 1e6:.1f} MB"
                for name, value in size["archives"].items())


def _megabytes(ours: int, peer: int) -> tuple[str, str, str]:
    return (f"{ours / 1e6:.1f}", f"{peer / 1e6:.1f}",
            f"{ours / peer:.3f}" if peer else "")


def _rows(heading: str, rows: Mapping[str, Sequence[str]]) -> Iterable[str]:
    yield f"\n{heading}"
    width = max(map(len, rows))
    for name, (ours, peer, value) in rows.items():
        yield f"  {name:<{width}}  {ours:>7}  {peer:>7}  {value}".rstrip()
