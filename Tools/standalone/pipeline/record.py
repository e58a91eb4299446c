"""The record of a build: when each of its stages ran.

It is a directory with one file for each stage that ran, so that stages
that run at the same time, in processes of their own, write nothing in
common.  A build removes the record of the one before it.  Every file is
written completely or not at all, and says first that its stage has
started, then when and how it ended; a killed build leaves the former.

Times come from the monotonic clock, which all processes share until
the machine is started again.  They are only compared within a build.
"""

import contextlib
import datetime
import json
import os
import resource
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.layout import Layout

#: The variable that tells a stage where to write.  A stage that a person
#: runs by hand has none, and is part of no build.
VARIABLE = "STANDALONE_RECORD"
#: What the driver does before the stages, in this order.
PHASES = ("fetch", "plan")

#: The name of the directory.
NAME = "record"
_ABOUT, _PLANNED, _RAN = "about.json", "planned.json", "ran"
# The title of the entry for the whole build.
_WHOLE = "build"


@dataclass(frozen=True)
class Run:
    """When something ran, in seconds; *end* is None if it did not end.

    *cpu* is the processor time that it and its children used.
    """

    title: str
    start: float
    end: float | None = None
    cpu: float | None = None
    failed: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.end is None else self.end - self.start

    @property
    def state(self) -> str:
        """How it ended, if not well: it is running, or was killed."""
        if self.end is None:
            return "not finished"
        return "failed" if self.failed else ""


@dataclass(frozen=True)
class Record:
    """What is known of a build.

    *needs* has all stages; *fresh* are those that were up to date before.
    Times of *runs* are seconds since the start of the build.
    """

    name: str
    date: str                    # of the start, as ISO 8601
    processors: int
    needs: Mapping[str, tuple[str, ...]]
    fresh: frozenset[str]
    whole: Run
    runs: tuple[Run, ...]        # in the order in which they started

    @property
    def title(self) -> str:
        """What was built, when, how long it took and what it used."""
        text = f"{self.name}, {self.date[:16].replace('T', ' ')} UTC"
        if self.whole.state:
            text += f", {self.whole.state}"
        if self.whole.seconds and self.whole.cpu is not None:
            text += (f": {self.whole.seconds:.1f} s, on average "
                     f"{self.whole.cpu / self.whole.seconds:.1f} of "
                     f"{self.processors} processors used")
        return text


def place(layout: Layout) -> Path:
    """Return the directory of the record.

    Builds with other options in the same OUT have their own.
    """
    return layout.own / NAME


@contextlib.contextmanager
def build(directory: Path, name: str) -> Iterator[None]:
    """Start a new record, of the build *name* that is the body."""
    stamp.remove(directory)
    _write(directory / _ABOUT, {
        "name": name, "processors": len(os.sched_getaffinity(0)),
        "date": datetime.datetime.now(datetime.UTC).isoformat(
            timespec="seconds")})
    with run(directory, _WHOLE):
        yield


def planned(directory: Path, needs: Mapping[str, Iterable[str]],
            fresh: Iterable[str]) -> None:
    """Record which stages the build has, and which are up to date."""
    _write(directory / _PLANNED, {
        "needs": {title: list(names) for title, names in needs.items()},
        "fresh": sorted(fresh)})


class Clock:
    """The time and the processor time since it was made, in seconds."""

    def __init__(self) -> None:
        """Start at zero."""
        self.started, self._used = time.monotonic(), _cpu()

    @property
    def seconds(self) -> float:
        """The time that has passed."""
        return time.monotonic() - self.started

    @property
    def cpu(self) -> float:
        """The processor time of this process and of ended children."""
        return _cpu() - self._used


@contextlib.contextmanager
def run(directory: Path | None, title: str) -> Iterator[Clock]:
    """Record when the body runs, and whether it succeeds.

    Without a *directory*, only provide the clock.
    """
    clock = Clock()
    path = directory and directory / _RAN / f"{title}.json"
    if path:
        _write(path, asdict(Run(title, clock.started)))
    failed = True
    try:
        yield clock
        failed = False
    finally:
        if path:
            _write(path, asdict(Run(
                title, clock.started, clock.started + clock.seconds,
                clock.cpu, failed)))


def stage(title: str) -> contextlib.AbstractContextManager[Clock]:
    """Record a stage, if it is part of a build."""
    directory = os.environ.get(VARIABLE)
    return run(Path(directory) if directory else None, title)


def _cpu() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(
        resource.getrusage, (resource.RUSAGE_SELF,
                             resource.RUSAGE_CHILDREN)))


def _write(path: Path, entry: Mapping[str, object]) -> None:
    stamp.write_atomic(path, json.dumps(entry) + "\n")


def read(directory: Path) -> Record:
    """Return the record in *directory*.

    Raises FileNotFoundError if there is none, and UsageError if it cannot
    be understood.
    """
    about = _read(directory / _ABOUT)
    try:
        runs = sorted((Run(**_read(path))
                       for path in (directory / _RAN).glob("*.json")),
                      key=lambda entry: (entry.start, entry.title))
        whole = next(entry for entry in runs if entry.title == _WHOLE)
        found = (_read(directory / _PLANNED)
                 if (directory / _PLANNED).exists()
                 else {"needs": {}, "fresh": []})
        return Record(
            **about, fresh=frozenset(found["fresh"]), needs={
                title: tuple(names)
                for title, names in found["needs"].items()},
            whole=_since(whole.start, whole), runs=tuple(
                _since(whole.start, entry)
                for entry in runs if entry is not whole))
    except (KeyError, StopIteration, TypeError, AttributeError) as exc:
        raise _damaged(directory) from exc


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise _damaged(path) from exc
    if not isinstance(found, dict):
        raise _damaged(path)
    return found


def _damaged(path: Path) -> UsageError:
    return UsageError(f"the record of the build is damaged: {path}",
                      hint="the next `make standalone` writes a new one")


def _since(start: float, entry: Run) -> Run:
    return replace(
        entry, start=entry.start - start,
        end=None if entry.end is None else entry.end - start)
