"""Make the table that `make standalone` prints at the end.

It is made from the archives, SHA256SUMS and the record of the build.
"""

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from standalone.formats import checksums
from standalone.pipeline import record
from standalone.pipeline.record import Run

_INDENT = "  "


def summary(archives: Sequence[Path], runs: Iterable[Run],
            libc: str) -> str:
    """Return the table as text, 110 columns wide, ending with a newline.

    *archives* are in one directory with their SHA256SUMS.  The stages of
    *runs* are listed in the order in which they ended.  *libc* is the
    oldest C library that the binaries run with: "glibc 2.17".  Sizes are
    in units of 10**6 bytes, durations in seconds.
    """
    parts = [_archives(archives), _durations(runs),
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


def _durations(runs: Iterable[Run]) -> str:
    ended = sorted((run.end, run.title, run.seconds) for run in runs
                   if run.end is not None and run.title not in record.PHASES)
    return _aligned([(title, f"{seconds:.1f} s")
                     for _, title, seconds in ended])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Align cells in columns: the first to the left, others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        _INDENT + _INDENT.join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width)
            in enumerate(zip(row, widths, strict=True))) + "\n"
        for row in rows)
