"""A plot of the stages of a build over time, as SVG.

Stages that ran at the same time are in different lanes.  Below them is a
graph of the processors that they used, on average over each stage.
"""

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from standalone.formats.svg import label, line, new, rect, text_of
from standalone.pipeline.record import Record
from standalone.pipeline.waits import Bar

_LEFT, _PLOT, _RIGHT = 40, 960, 120
_WIDTH = _LEFT + _PLOT + _RIGHT
_TOP, _BAR, _GRAPH, _BOTTOM = 84, 22, 70, 44
# The width of a character, and the distance of names below each other.
_CHARACTER, _DISTANCE = 7, 18
# What ticks of the axis may be apart, in seconds.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 12

_LIGHT = """\
.bar, .critical, .failed { stroke: #ffffff; stroke-width: 0.6; }
.bar { fill: #0969da; }
.critical { fill: #bc4c00; }
.failed { fill: #cf222e; }
.unfinished { opacity: 0.5; }
.inside { fill: #ffffff; }
.leader { stroke: #818b98; }
.used { fill: #0969da; opacity: 0.4; }
.limit { stroke: #59636e; stroke-dasharray: 4 3; }
"""
_DARK = """\
.bar, .critical, .failed { stroke: #0d1117; }
.bar { fill: #4493f8; }
.critical { fill: #f0883e; }
.failed { fill: #f85149; }
.inside { fill: #0d1117; }
.used { fill: #4493f8; }
.limit { stroke: #9198a1; }
"""


def svg(found: Record, drawn: Sequence[Bar]) -> str:
    """Return the plot of the record and its bars."""
    end = max((bar.end for bar in drawn), default=0.0)
    end = max(end, found.whole.end or 0.0, 0.1)
    lanes = [[bar for bar in drawn if bar.lane == number]
             for number in range(1 + max((bar.lane for bar in drawn),
                                         default=-1))]
    heights = [_height(lane, end) for lane in lanes]
    graph = _TOP + sum(heights)
    bottom = graph + _GRAPH
    root = new(_WIDTH, bottom + _BOTTOM, f"Stages of {found.title}",
               light=_LIGHT, dark=_DARK)
    label(root, 12, 24, found.title, "title")
    _legend(root)
    _axis(root, end, bottom)
    y = float(_TOP)
    for lane, height in zip(lanes, heights, strict=True):
        _lane(root, lane, y, end)
        y += height
    _processors(root, found, drawn, graph, end)
    return text_of(root)


def _x(seconds: float, end: float) -> float:
    return _LEFT + _PLOT * seconds / end


def _fits(bar: Bar, end: float) -> bool:
    """Return whether the name fits into the bar."""
    return (len(bar.run.title) * _CHARACTER + 8
            <= _PLOT * bar.seconds / end)


def _height(lane: Sequence[Bar], end: float) -> float:
    names = [bar.run.title for bar in lane if not _fits(bar, end)]
    return _BAR + 12 + (22 + 0.71 * _CHARACTER * max(map(len, names))
                        if names else 0)


def _legend(root: ET.Element) -> None:
    x = 12.0
    for kind, text in (
            ("critical", "critical path, the longest chain of needs"),
            ("bar", "other stages"), ("failed", "failed"),
            ("bar unfinished", "not finished")):
        rect(root, x, 40, 12, 12, kind)
        label(root, x + 18, 50, text, "note")
        x += 36 + _CHARACTER * len(text)


def _axis(root: ET.Element, end: float, bottom: float) -> None:
    step = next((step for step in _STEPS if end / step <= _MOST_TICKS),
                _STEPS[-1])
    for seconds in range(0, int(end) + 1, step):
        x = _x(seconds, end)
        line(root, x, _TOP - 8, x, bottom, "grid")
        label(root, x, bottom + 16, f"{seconds // 60}:{seconds % 60:02}",
              "note", "middle")
    label(root, _LEFT + _PLOT / 2, bottom + 34,
          "minutes and seconds since the start", "note", "middle")


def _lane(root: ET.Element, lane: Sequence[Bar], y: float, end: float
          ) -> None:
    outside = [bar for bar in lane if not _fits(bar, end)]
    for bar in lane:
        left = _x(bar.run.start, end)
        box = rect(root, left, y, max(_x(bar.end, end) - left, 1), _BAR,
                   _kind(bar))
        # Browsers show it at the pointer.
        ET.SubElement(box, "title").text = _tip(bar)
        if bar not in outside:
            label(root, left + 4, y + 15, bar.run.title, "inside")
    middles = [_x((bar.run.start + bar.end) / 2, end) for bar in outside]
    for bar, middle, x in zip(outside, middles, _apart(middles),
                              strict=True):
        line(root, middle, y + _BAR, x, y + _BAR + 10, "leader")
        name = label(root, x - 2, y + _BAR + 20, bar.run.title, "")
        name.set("transform", f"rotate(45 {x - 2:.1f} {y + _BAR + 20:.1f})")


def _kind(bar: Bar) -> str:
    kind = "critical" if bar.critical else "bar"
    if bar.run.failed:
        kind = "failed"
    return kind if bar.run.end is not None else f"{kind} unfinished"


def _tip(bar: Bar) -> str:
    run = bar.run
    text = f"{run.title}: {run.state or 'ran'}, from {run.start:.1f} s"
    if run.seconds is not None:
        text += f", {run.seconds:.1f} s"
    if run.cpu is not None:
        text += f", {run.cpu:.1f} s of processor time"
    return text


def _apart(places: Sequence[float]) -> list[float]:
    """Return *places* moved apart, so that names do not overlap."""
    last = float(_LEFT + _PLOT)
    distance = min(_DISTANCE, _PLOT / max(len(places), 1))
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + distance) if moved else place)
    # Back from the right edge.
    for number in reversed(range(len(moved))):
        moved[number] = min(moved[number], last)
        last = moved[number] - distance
    return moved


def _processors(root: ET.Element, found: Record, drawn: Sequence[Bar],
                top: float, end: float) -> None:
    steps = list(_used(drawn))
    most = max(float(found.processors), *(used for _, _, used in steps), 0)
    base, scale = top + _GRAPH, (_GRAPH - 10) / most
    for start, stop, used in steps:
        rect(root, _x(start, end), base - used * scale,
             _x(stop, end) - _x(start, end), used * scale, "used")
    limit = base - found.processors * scale
    line(root, _LEFT, limit, _LEFT + _PLOT, limit, "limit")
    label(root, _LEFT + _PLOT + 6, limit + 4,
          f"{found.processors} processors", "note")
    label(root, _LEFT + _PLOT + 6, base - 6, "in use", "note")


def _used(drawn: Sequence[Bar]) -> Iterator[tuple[float, float, float]]:
    """Yield (start, end, number of processors) of each period."""
    known = [(bar, bar.run.cpu / bar.run.seconds) for bar in drawn
             if bar.run.cpu is not None and bar.run.seconds]
    times = sorted({time for bar, _ in known
                    for time in (bar.run.start, bar.end)})
    for start, stop in itertools.pairwise(times):
        used = sum(rate for bar, rate in known
                   if bar.run.start <= start and stop <= bar.end)
        if used:
            yield start, stop, used
