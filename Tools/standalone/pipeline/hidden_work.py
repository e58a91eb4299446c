"""The directory that a build was made in, out of the way for a while.

A tree that still needed it would not be noticed otherwise.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path


def current(work: Path) -> Path:
    """Where *work* is at the moment."""
    aside = _aside(work)
    return aside if aside.is_dir() else work


def put_back(work: Path) -> None:
    """Undo what a killed check has left.  The lock of *work* is held."""
    if current(work) != work:
        current(work).rename(work)


@contextlib.contextmanager
def aside(work: Path) -> Iterator[None]:
    """Without *work* in its place, whatever ends the body."""
    work.rename(_aside(work))
    try:
        yield
    finally:
        put_back(work)


def _aside(work: Path) -> Path:
    return work.with_name(f"{work.name}.aside")
