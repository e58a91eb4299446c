"""Show when the stages of the last build ran, and what they waited for."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.pipeline import record, timeline_chart
from standalone.pipeline.record import Record, Run
from standalone.pipeline.waits import Bar, bars
from standalone.request import Config


def draw(config: Config) -> None:
    """Run `make standalone-timeline`: print the table, and write the plot.

    Raises UsageError if no such build was recorded.
    """
    found = _read(config)
    drawn = bars(found)
    print(*table(found, drawn), sep="\n")
    path = Path(config.out) / f"timeline-{found.name}.svg"
    stamp.write_atomic(path, timeline_chart.svg(found, drawn))
    print(f"\n{path}")


def _read(config: Config) -> Record:
    try:
        return record.read(record.place(config.layout))
    except FileNotFoundError:
        others = [path.parent for path in sorted(
            config.layout.work.glob(f"*/*/{record.NAME}"))]
        hint = ("run `make standalone` first, with the same CPYTHON, TARGET, "
                "TOOLCHAIN, OPTIONS and OUT")
        if others:
            hint += "\nOUT has: " + ", ".join(
                f"{path.name} in {path.parent.name}" for path in others)
        raise UsageError(
            f"OUT={config.out} has no build of {config.name} whose stages "
            "were recorded", hint=hint) from None


def table(found: Record, drawn: Sequence[Bar]) -> Iterator[str]:
    """Yield the lines of the table of all stages."""
    yield found.title
    yield ""
    width = max((len(_named(bar.run)) for bar in drawn), default=0)
    yield (f"    start  seconds      CPU  {'stage':<{width}}  waited for")
    for bar in drawn:
        run, mark = bar.run, "*" if bar.critical else " "
        after = f"the job slot of {bar.after}" if bar.slot else bar.after
        yield (f"{mark} {run.start:7.1f}  {_number(run.seconds)}  "
               f"{_number(run.cpu)}  {_named(run):<{width}}  {after}".rstrip())
    yield (f"* critical path, the longest chain of stages that need each "
           f"other: {sum(bar.seconds for bar in drawn if bar.critical):.1f} s")
    ran = {run.title for run in found.runs}
    yield from _listed("up to date", found.fresh - ran, found)
    yield from _listed("not reached", found.needs.keys() - found.fresh - ran,
                       found)


def _named(run: Run) -> str:
    return f"{run.title} ({run.state})" if run.state else run.title


def _number(seconds: float | None) -> str:
    return f"{'-' if seconds is None else format(seconds, '.1f'):>7}"


def _listed(heading: str, titles: Iterable[str], found: Record
            ) -> Iterator[str]:
    titles = set(titles)
    names = [title for title in found.needs if title in titles]
    if names:
        yield from textwrap.wrap(
            f"{heading}: {', '.join(names)}", 79, subsequent_indent="  ",
            break_on_hyphens=False)
