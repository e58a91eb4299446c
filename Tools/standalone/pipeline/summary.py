"""Make the table that `make standalone` prints at the end.

It is made from files: the archives, SHA256SUMS, and for each stage that
ran, a file with ``{"stage": name, "seconds": number}``.
"""

import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path

from standalone.formats import checksums

_INDENT = "  "


def summary(archives: Sequence[Path], durations: Path, libc: str) -> str:
    """Return the table as text, 110 columns wide, ending with a newline.

    *archives* are in one directory with their SHA256SUMS.  *durations*
    is a directory of ``*.json`` files; stages are listed in the order in
    which these were written.  *libc* is the oldest C library that the
    binaries run with: "glibc 2.17".  Sizes are in units of 10**6 bytes,
    durations in seconds.
    """
    parts = [_archives(archives), _durations(durations),
             f"C library: {libc} or newer\n"]
    return "\n".join(filter(None, parts))


def _archives(archives: Sequence[Path]) -> str:
    sums = checksums.read(archives[0].with_name(checksums.FILE))
    text = ""
    for _, group in itertools.groupby(
            archives, lambda path: path.name.partition("-")[0]):
        paths = list(group)
        # Print the common prefix once; lines would be too long with it.
        common = os.path.commonprefix(                    # noqa: RUF071
            [path.name for path in paths])
        common = common[:common.rfind("-") + 1]
        rows = [(path.name.removeprefix(common),
                 f"{path.stat().st_size / 1e6:.1f} MB", sums[path.name])
                for path in paths]
        text += f"{paths[0].parent}/{common}\n" + _aligned(rows)
    return text


def _durations(directory: Path) -> str:
    files = sorted(directory.glob("*.json"),
                   key=lambda path: (path.stat().st_mtime_ns, path.name))
    entries = [json.loads(path.read_text(encoding="utf-8"))
               for path in files]
    return _aligned([(entry["stage"], f"{entry['seconds']:.1f} s")
                     for entry in entries])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Align cells in columns: the first to the left, others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        _INDENT + _INDENT.join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width)
            in enumerate(zip(row, widths, strict=True))) + "\n"
        for row in rows)
