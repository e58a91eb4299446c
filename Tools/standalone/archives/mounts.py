"""What is in an archive: directories and files laid over each other.

A mount lays a directory at a place in the archive, a later one over what
earlier ones laid there.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from standalone.core.errors import BuildError


@dataclass(frozen=True)
class Mount:
    """A directory's files, or one file, *at* a path below ``python/``.

    A pattern covers what lies below as well: ``lib/python3.*/test`` is
    the directory and all in it.  ``*`` stops at a slash, and a pattern
    without a slash (``*.o``) is looked for at any depth.
    """

    source: Path
    at: str = ""
    only: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()


def members(mounts: Iterable[Mount]) -> dict[str, Path | None]:
    """Path below ``python/`` → file or symlink, None for a directory.

    Sorted, so that a directory precedes its content.  Raises BuildError
    if a source does not exist, or a file is laid over a directory.
    """
    laid: dict[str, Path | None] = {}
    for mount in mounts:
        laid.update(_select(mount))
    for path in list(laid):
        for parent in map(str, PurePosixPath(path).parents):
            if laid.setdefault(parent, None) is not None:
                raise BuildError(f"archived as file and as directory: "
                                 f"{parent} ({laid[parent]})")
    laid.pop(".", None)
    return dict(sorted(laid.items()))


def _select(mount: Mount) -> Iterator[tuple[str, Path | None]]:
    if not mount.source.is_dir():
        if not mount.source.exists():
            raise BuildError(f"nothing to archive at {mount.source}")
        yield mount.at, mount.source
        return
    only, without = _matcher(mount.only), _matcher(mount.without)
    for path, entry in _walk(mount.source):
        if only.fullmatch(path) and not without.fullmatch(path):
            yield (f"{mount.at}/{path}" if mount.at else path,
                   None if entry.is_dir(follow_symlinks=False)
                   else Path(entry.path))


def _walk(top: Path | str, below: str = "",
          ) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(top) as entries:
        for entry in entries:
            path = below + portable(entry.name)
            yield path, entry
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{path}/")


def _matcher(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for paths that a pattern names or lies above."""
    return re.compile("(?s:(?:{})(?:/.*)?)".format("|".join(
        ("" if "/" in pattern else "(?:.*/)?")
        + re.escape(pattern).replace(r"\*", "[^/]*")
        for pattern in patterns) or "(?!)"))


def portable(name: str) -> str:
    """A file name as UTF-8 has it, whatever the locale decoded it to."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")
