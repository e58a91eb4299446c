"""Report what a relocated interpreter found, and why, as text or JSON."""

import argparse
import dataclasses
import importlib
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TextIO

from _standalone_runtime.report import Resource

# Modules that have an inspect(), in the order of the report.
_FEATURES = ("interpreter", "openssl", "certificates", "terminfo", "zones",
             "tcltk", "build", "compilers")

_USED, _MISSING, _WARNING = "32", "31", "33"     # ANSI: green, red, yellow


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if something needed is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m _standalone_runtime", description=(
            "Report what this Python looked for at run time, where it "
            "looked, what it chose, and how to override that."),
        epilog="`python -m _standalone_runtime verify` compares its files "
        "with those that were shipped.")
    parser.add_argument("--json", action="store_true",
                        help="print one JSON object, for programs")
    options = parser.parse_args(argv)
    resources = list(inspect())
    if options.json:
        json.dump(as_json(resources), sys.stdout, indent=2)
        print()
    else:
        print(as_text(resources, colour=_wants_colour(sys.stdout)), end="")
    return int(any(resource.missing for resource in resources))


def inspect() -> Iterator[Resource]:
    """Yield every resource.  If the inspection of a feature fails, report the
    feature as missing, so that the report shows what is wrong."""
    for name in _FEATURES:
        try:
            module = importlib.import_module(f"{__package__}.{name}")
            yield module.inspect()
        except Exception as exc:
            yield Resource(
                name, "", (), None, "cannot be inspected", "",
                problems=(f"{type(exc).__name__}: {exc}",))


def as_json(resources: Sequence[Resource]) -> dict[str, object]:
    """Return the report as data; the keys are fields of Resource and Place."""
    return {
        "prefix": sys.base_prefix,
        "ok": not any(resource.missing for resource in resources),
        "resources": [dataclasses.asdict(resource) | {
            "missing": resource.missing} for resource in resources]}


def as_text(resources: Sequence[Resource], *, colour: bool = False) -> str:
    """Return one paragraph per resource, with places in search order."""
    lines: list[str] = []
    for resource in resources:
        lines += [*_paragraph(resource, colour), ""]
    missing = [resource.name for resource in resources if resource.missing]
    lines.append(_painted(f"missing: {', '.join(missing)}", _MISSING, colour)
                 if missing else
                 _painted("everything needed was found", _USED, colour))
    return "\n".join(printable(line) for line in lines) + "\n"


def _paragraph(resource: Resource, colour: bool) -> Iterator[str]:
    name = f"{resource.name:<14}"
    if resource.chosen is not None:
        yield _painted(name, _USED, colour) + resource.chosen
    else:
        mark = _MISSING if resource.needed else _WARNING
        yield _painted(name, mark, colour) + (
            "MISSING" if resource.needed else "none")
    yield from _wrapped("for", resource.wanted)
    yield from _wrapped("why", resource.why)
    width = max((len(place.where) for place in resource.places), default=0)
    for number, place in enumerate(resource.places):
        yield _field("looked in" if number == 0 else "", (
            f"{place.where:<{min(width, 60)}}  {place.state}"))
    for problem in resource.problems:
        for line in _wrapped("problem", problem):
            yield _painted(line, _WARNING, colour)
    yield from _wrapped("override", resource.override)


def _field(label: str, text: str) -> str:
    return f"  {label:<12}{text}"


def _wrapped(label: str, text: str) -> Iterator[str]:
    """Yield no line if *text* is empty.  Do not break paths."""
    for number, line in enumerate(textwrap.wrap(
            text, 65, break_long_words=False, break_on_hyphens=False)):
        yield _field(label if number == 0 else "", line)


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def printable(text: str) -> str:
    """Escape what the encoding of the output lacks, as paths may contain."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _wants_colour(file: TextIO) -> bool:
    """Is *file* a terminal with colours?  https://no-color.org and
    https://docs.python.org/3/using/cmdline.html#using-on-controlling-color
    """
    environ = {} if sys.flags.ignore_environment else os.environ
    if (chosen := environ.get("PYTHON_COLORS")) in ("0", "1"):
        return chosen == "1"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or file.isatty()
