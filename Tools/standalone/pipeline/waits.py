"""Find out from the record of a build what each stage waited for.

A stage starts when the last thing that it waited for has ended: a stage
that it needs, or another one that had the job slot.  The critical path is
the longest chain of stages that need each other: more processors would
make it no shorter.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from standalone.pipeline.record import PHASES, Record, Run

# Seconds: if the stage that was needed and the last one ended this close to
# each other, the former is what was waited for.
_PROMPT = 1.0


@dataclass(frozen=True)
class Bar:
    """A stage that ran, and where it is drawn.

    *end* is the end of what is known if the stage did not end.  It waited
    for *after*, which is "" for the first; if it does not need that one,
    it waited for its job *slot*.
    """

    run: Run
    end: float
    lane: int
    after: str = ""
    slot: bool = False
    critical: bool = False

    @property
    def seconds(self) -> float:
        """How long it ran, as far as is known."""
        return self.end - self.run.start


def bars(found: Record) -> list[Bar]:
    """Return the bars of all stages that ran, in the order of their start."""
    known = max(found.whole.end or 0.0, *(
        run.start if run.end is None else run.end for run in found.runs), 0.0)
    lanes: list[float] = []
    drawn: dict[str, Bar] = {}
    for run in found.runs:
        end = known if run.end is None else run.end
        lane = next((number for number, free in enumerate(lanes)
                     if free <= run.start), len(lanes))
        # What did not end keeps its lane.
        lanes[lane:lane + 1] = [math.inf if run.end is None else end]
        drawn[run.title] = _waited(
            Bar(run, end, lane), _needed(found, run.title, drawn), drawn)
    path = _longest(found, drawn)
    return [replace(bar, critical=bar.run.title in path)
            for bar in drawn.values()]


def _needed(found: Record, title: str, before: Mapping[str, Bar]
            ) -> list[Bar]:
    """Return what a stage needs, of the bars that started *before*.

    If everything that it needs was up to date, that is the plan.
    """
    names = found.needs.get(title, ())
    if title not in PHASES and not any(name in before for name in names):
        names = PHASES[-1:]
    return [before[name] for name in names if name in before]


def _waited(bar: Bar, needed: Sequence[Bar], before: Mapping[str, Bar]
            ) -> Bar:
    """Return *bar* with what it waited for."""
    ended = [other for other in before.values()
             if other.run.end is not None and other.end <= bar.run.start]
    if not ended:
        return bar
    last = max(ended, key=lambda other: other.end)
    need = max(needed, key=lambda other: other.end, default=None)
    if need and last.end - need.end <= _PROMPT:
        last = need
    return replace(bar, after=last.run.title, slot=last is not need)


def _longest(found: Record, drawn: Mapping[str, Bar]) -> set[str]:
    """Return the titles of the critical path."""
    chains: dict[str, tuple[float, list[str]]] = {}
    for title, bar in drawn.items():
        length, chain = max((chains[need.run.title]
                             for need in _needed(found, title, drawn)
                             if need.run.title in chains),
                            default=(0.0, []))
        chains[title] = length + bar.seconds, [*chain, title]
    return set(max(chains.values(), default=(0.0, []))[1])
