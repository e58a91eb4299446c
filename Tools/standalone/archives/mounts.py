"""Select the files of an archive.

A mount puts the files of a directory at a path in the archive.  Files of
later mounts replace those of earlier ones.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from standalone.core.errors import BuildError


@dataclass(frozen=True)
class Mount:
    """The files of a directory, or one file, *at* a path in ``python/``.

    *only* and *without* are patterns of paths to include and exclude.  A
    pattern for a directory also covers its contents.  ``*`` does not match
    a slash; a pattern without a slash (``*.o``) matches at any depth.
    """

    source: Path
    at: str = ""
    only: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()


def members(mounts: Iterable[Mount]) -> dict[str, Path | None]:
    """Return a mapping of paths in ``python/`` to files of the mounts.

    The values are files or symbolic links, None for directories.  Paths
    are sorted, so a directory precedes its contents.  Raises BuildError
    if a source does not exist, or a path is both file and directory.
    """
    laid: dict[str, Path | None] = {}
    for mount in mounts:
        laid.update(_select(mount))
    for path in list(laid):
        for parent in map(str, PurePosixPath(path).parents):
            if laid.setdefault(parent, None) is not None:
                raise BuildError(f"{parent} is both a file and a directory "
                                 f"in the archive ({laid[parent]})")
    laid.pop(".", None)
    return dict(sorted(laid.items()))


def _select(mount: Mount) -> Iterator[tuple[str, Path | None]]:
    if not mount.source.is_dir():
        if not mount.source.exists():
            raise BuildError("cannot archive: no such file or directory: "
                             f"{mount.source}")
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
    """Compile patterns into one expression that also matches contents."""
    return re.compile("(?s:(?:{})(?:/.*)?)".format("|".join(
        ("" if "/" in pattern else "(?:.*/)?")
        + re.escape(pattern).replace(r"\*", "[^/]*")
        for pattern in patterns) or "(?!)"))


def portable(name: str) -> str:
    """Return a file name decoded as UTF-8, independent of the locale."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")
