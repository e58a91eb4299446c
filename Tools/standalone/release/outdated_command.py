"""The command outdated: its options, and what it prints."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from standalone.core.layout import cache_dir
from standalone.release import osv, outdated


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    parser.add_argument("--json", action="store_true",
                        help="print JSON instead of a table")
    parser.add_argument("--osv-url", default=osv.URL, metavar="URL",
                        help="the service to ask for vulnerabilities "
                        "(default: %(default)s)")
    parser.add_argument("--apt-configuration", type=Path, metavar="DIR",
                        help="use DIR instead of /etc/apt")


def run(arguments: argparse.Namespace) -> bool:
    """Print what is newer than the pins; return if one is vulnerable."""
    result = outdated.report(cache_dir() / "indices", arguments.osv_url,
                             arguments.apt_configuration)
    sys.stdout.write((as_json if arguments.json else table)(result))
    for line in problems(result):
        print(f"standalone: warning: {line}", file=sys.stderr)
    return result.vulnerable


def table(result: outdated.Report) -> str:
    """Return the report as a table for people."""
    rows = [("name", "pinned", "newest", "from", "state",
             "vulnerabilities")]
    rows += [(entry.name, entry.pinned, entry.newest or "-",
              entry.origin or "-", entry.state, _known(entry))
             for entry in result.entries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, ""])


def _known(entry: outdated.Entry) -> str:
    if entry.vulnerabilities is None:
        return "not checked"
    return ", ".join(map(str, entry.vulnerabilities)) or "none known"


def as_json(result: outdated.Report) -> str:
    """Return the report as the JSON that docs/formats.md describes."""
    return json.dumps({
        "pins": [_document(entry) for entry in result.entries],
        "origins": [{"name": origin.name, "state": origin.state,
                     "detail": origin.detail}
                    for origin in result.origins]}, indent=1) + "\n"


def _document(entry: outdated.Entry) -> Mapping[str, object]:
    known = entry.vulnerabilities
    return {
        "name": entry.name, "pinned": entry.pinned,
        "series": entry.series or None, "package": entry.package,
        "newest": entry.newest, "origin": entry.origin,
        "state": entry.state,
        "vulnerabilities": None if known is None else [
            {"id": vulnerability.id, "aliases": vulnerability.aliases,
             "summary": vulnerability.summary} for vulnerability in known]}


def problems(result: outdated.Report) -> list[str]:
    """Return a line for each source of knowledge that is old or missing."""
    return [str(origin) for origin in result.origins
            if origin.state != "used"]
