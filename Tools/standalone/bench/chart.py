"""A plot of all benchmarks as SVG, which README can show.

It has a row for each benchmark, on a logarithmic scale, with its
confidence interval.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from standalone.bench import report
from standalone.bench.ratios import Ratio
from standalone.formats.svg import label, line, new, rect, text_of

_ROW = 18
_TOP, _BOTTOM = 74, 40
_NAMES, _PLOT, _VALUES = 230, 460, 80
_WIDTH = _NAMES + _PLOT + _VALUES
# What ticks of the scale may be apart, as ratios.
_STEPS = (1.02, 1.05, 1.1, 1.2, 1.5, 2.0)
_MOST_TICKS = 11

_LIGHT = """\
.one { stroke: #59636e; stroke-width: 1.5; }
.faster { stroke: #0969da; fill: #0969da; }
.slower { stroke: #bc4c00; fill: #bc4c00; }
.unsure { stroke: #818b98; fill: #818b98; }
.mean { stroke: none; opacity: 0.2; }
text.mean { opacity: 1; font-weight: 600; }
"""
_DARK = """\
.one { stroke: #9198a1; }
.faster { stroke: #4493f8; fill: #4493f8; }
.slower { stroke: #f0883e; fill: #f0883e; }
"""


@dataclass(frozen=True)
class _Scale:
    """The logarithmic scale, from *low* to *high*."""

    low: float
    high: float

    def x(self, ratio: float) -> float:
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return _NAMES + _PLOT * min(max(share, 0.0), 1.0)

    def ticks(self) -> Iterator[float]:
        span = math.log(self.high / self.low)
        step = next((step for step in _STEPS
                     if span / math.log(step) < _MOST_TICKS), _STEPS[-1])
        first = math.ceil(math.log(self.low, step))
        for power in range(first, math.floor(math.log(self.high, step)) + 1):
            yield step ** power


def svg(document: Mapping[str, Any]) -> str:
    """Return the plot of a document of `report`."""
    speed = document["speed"]
    rows = sorted(((name, report.ratio(found["ratio"]))
                   for name, found in speed["benchmarks"].items()),
                  key=lambda row: -row[1].value)
    mean = report.ratio(speed["ratio"])
    ends = [end for _, ratio in rows
            for end in (ratio.value, ratio.low, ratio.high) if end]
    # Always with 1, and some space at the ends.
    scale = _Scale(min(*ends, 1) / 1.03, max(*ends, 1) * 1.03)
    bottom = _TOP + _ROW * len(rows)
    heading = report.title(document)
    root = new(_WIDTH, bottom + _BOTTOM, f"Speed of {heading}",
               light=_LIGHT, dark=_DARK)
    label(root, 12, 24, heading, "title")
    label(root, 12, 44, _summary(speed), "note")
    _grid(root, scale, bottom)
    _mean(root, scale, mean, bottom)
    for number, (name, ratio) in enumerate(rows):
        _row(root, scale, _TOP + _ROW * (number + 0.5), name, ratio)
    return text_of(root)


def _summary(speed: Mapping[str, Any]) -> str:
    mean = report.ratio(speed["ratio"])
    text = f"geometric mean {mean.value:.3f}"
    if mean.low is not None:
        text += f" ({mean.low:.3f} to {mean.high:.3f})"
    return (f"{text}, {speed['rounds']} rounds; two runs of one program "
            f"differ by {speed['noise_percent']:.1f} %")


def _grid(root: ET.Element, scale: _Scale, bottom: float) -> None:
    for tick in scale.ticks():
        x = scale.x(tick)
        line(root, x, _TOP, x, bottom,
             "one" if math.isclose(tick, 1) else "grid")
        label(root, x, bottom + 16, f"{tick:.2f}", "note", "middle")
    label(root, _NAMES + _PLOT / 2, bottom + 32,
          "times as fast as the peer; right of 1 is faster", "note",
          "middle")


def _mean(root: ET.Element, scale: _Scale, mean: Ratio,
          bottom: float) -> None:
    left = scale.x(mean.low or mean.value) - 1
    right = scale.x(mean.high or mean.value) + 1
    rect(root, left, _TOP, right - left, bottom - _TOP,
         f"{_kind(mean)} mean")
    label(root, scale.x(mean.value), _TOP - 8, f"mean {mean.value:.3f}",
          "mean", "middle")


def _row(root: ET.Element, scale: _Scale, y: float, name: str,
         ratio: Ratio) -> None:
    label(root, _NAMES - 12, y + 4, name, "", "end")
    kind = _kind(ratio)
    if ratio.low is not None and ratio.high is not None:
        line(root, scale.x(ratio.low), y, scale.x(ratio.high), y, kind)
    ET.SubElement(root, "circle", {
        "class": kind, "r": "3.5", "cy": f"{y:.1f}",
        "cx": f"{scale.x(ratio.value):.1f}"})
    label(root, _NAMES + _PLOT + 12, y + 4, f"{ratio.value:.3f}", "note")


def _kind(ratio: Ratio) -> str:
    if not ratio.is_certain:
        return "unsure"
    return "faster" if ratio.value > 1 else "slower"
