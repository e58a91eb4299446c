"""The size of a Python on disk, and compressed.

A system's Python shares its directories with other programs, so what
is compared is what every Python has: the interpreter, libpython and the
standard library, without installed packages, tests and static libraries,
which not all installations have.  Libraries of the system, which ours has
inside, are not counted.
"""

import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, cast

from standalone.bench.peer import Python
from standalone.bench.system import System

_OTHERS = {"dist-packages", "site-packages", "test"}
# The level that gzip has by default.
_LEVEL = 6


@dataclass(frozen=True)
class Size:
    """Sizes in bytes; *compressed* is that of all files, as .tar.gz."""

    interpreter: int
    libpython: int
    library: int
    compressed: int


class _Counter:
    """A file to write to, which only counts what gzip would write."""

    def __init__(self) -> None:
        self.size = 0
        self._compressor = zlib.compressobj(_LEVEL, wbits=31)

    def write(self, data: bytes) -> int:
        self.size += len(self._compressor.compress(data))
        return len(data)

    def finish(self) -> int:
        return self.size + len(self._compressor.flush())


def size(system: System, python: Python) -> Size:
    """Return the size of *python*."""
    interpreter = {system.outside(python.facts["executable"])}
    libpython = set(_libpython(
        system.outside(python.facts["prefix"]) / "lib",
        "libpython{}.{}*.so*".format(*python.facts["feature"])))
    library = set(_library(system.outside(python.facts["library"])))
    return Size(_bytes(interpreter), _bytes(libpython), _bytes(library),
                _compressed(interpreter | libpython | library))


def _libpython(directory: Path, pattern: str) -> Iterator[Path]:
    """Yield libpython's files, which may be in a directory of the system's
    for each architecture."""
    for place in (directory, *directory.glob("*-*-*/")):
        yield from (path for path in place.glob(pattern)
                    if path.is_file() and not path.is_symlink())


def _library(directory: Path) -> Iterator[Path]:
    for parent, directories, files in os.walk(directory):
        directories[:] = [name for name in directories
                          if name not in _OTHERS]
        yield from (Path(parent, name) for name in files
                    if not name.endswith(".a")
                    and Path(parent, name).is_file())


def _bytes(files: set[Path]) -> int:
    """Return how many bytes *files* have, hard links counted once."""
    found = {}
    for path in files:
        status = path.stat()
        found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())


def _compressed(files: set[Path]) -> int:
    counter = _Counter()
    with tarfile.open(fileobj=cast("IO[bytes]", counter), mode="w|",
                      format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(files):
            tar.add(path, PurePath(*path.parts[1:]))
    return counter.finish()


def tree(root: Path) -> int:
    """Return the size of all files below *root*, in bytes."""
    return _bytes({path for path in root.rglob("*")
                   if path.is_file() and not path.is_symlink()})
