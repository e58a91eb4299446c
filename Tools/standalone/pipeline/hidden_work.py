"""Rename the work directory while the finished tree is tested.

Otherwise the tests would not notice a tree that still depends on it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path


def current(work: Path) -> Path:
    """Return the current path of *work*."""
    aside = _aside(work)
    return aside if aside.is_dir() else work


def put_back(work: Path) -> None:
    """Rename *work* back after a killed check; the caller has its lock."""
    if current(work) != work:
        current(work).rename(work)


@contextlib.contextmanager
def aside(work: Path) -> Iterator[None]:
    """Rename *work* for the body of the with statement."""
    work.rename(_aside(work))
    try:
        yield
    finally:
        put_back(work)


def _aside(work: Path) -> Path:
    return work.with_name(f"{work.name}.aside")
