"""Stage: a CPython tree + the overlay → the copy that is built.

    any tree, overlay.toml, our Lib/  →  source/

The tree itself stays untouched, may be configured or built in place, and
may lie under a path that configure could not handle.  Only files that
differ are written, so that make sees what changed.
"""

from __future__ import annotations

import contextlib
import filecmp
import fnmatch
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from standalone.core import stamp
from standalone.core.layout import ROOT
from standalone.cpython import overlay

if TYPE_CHECKING:
    from standalone.request import Config

# Not needed to build, or made by building in place.  Patterns match a
# path relative to the tree or, without a slash, any file name.
_SKIPPED = (
    ".git", ".github", "Doc", "__pycache__", "*.pyc", "*.o", "*.a", "*.so",
    "*.so.*", "*.gcda", "*.profraw", "./Makefile", "./Makefile.pre",
    "./build", "./dist", "./config.status", "./config.log", "./config.cache",
    "./pyconfig.h", "./pybuilddir.txt", "./python", "./python-config*",
    "./platform", "./Modules/Setup.local", "./Modules/Setup.stdlib",
    "./Modules/Setup.bootstrap", "./Modules/config.c", "./Modules/ld_so_aix",
    "./Misc/python*.pc", "./Misc/python-config.sh",
    "./Python/frozen_modules/*.h", "./Programs/_freeze_module",
    "./Programs/_testembed", "./Tools/standalone",
    "./Lib/test/test_tools/test_standalone",
    "./Lib/test/test_tools/test_standalone_archives")

# What is not copied is not installed: test.test_tools.test_makefile.
_OUR_TESTS = re.compile(
    r"(?m)^\t\ttest/test_tools/test_standalone(_archives|/\w+)? \\\n")


def files(tree: Path, out: Path) -> list[str]:
    """The relative paths of *tree* that make up CPython's source.

    Below *out* there is none: a build in the tree itself writes there.
    """
    return sorted(_walk(tree, "", os.path.abspath(out)))


def _walk(tree: Path, directory: str, out: str, *,
          litter: bool = False) -> Iterator[str]:
    with os.scandir(tree / directory) as entries:
        for entry in entries:
            name = f"{directory}/{entry.name}".lstrip("/")
            if (not litter and _is_skipped(name)) or entry.path == out:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(tree, name, out, litter=litter)
            else:
                yield name


def _is_skipped(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base in _NAMES or any(
        fnmatch.fnmatchcase(base, pattern) for pattern in _GLOBS) or any(
        fnmatch.fnmatchcase(name, pattern) for pattern in _PATHS)


_PATHS = tuple(pattern[2:] for pattern in _SKIPPED if "/" in pattern)
_GLOBS = tuple(pattern for pattern in _SKIPPED
               if "/" not in pattern and "*" in pattern)
_NAMES = frozenset(_SKIPPED) - set(_GLOBS)


def fingerprint(tree: Path, out: Path) -> dict[str, str]:
    """Return label → hash, of the files of *tree* and of the overlay.

    From sizes and times alone, so that asking costs little.
    """
    seen = []
    for name in files(tree, out):
        status = (tree / name).lstat()
        seen.append((name, status.st_size, status.st_mtime_ns,
                     status.st_mode))
    ours = [(str(path), stamp.file_sha256(ROOT / path))
            for path in _overlaid()]
    return {"tree": stamp.key(seen), "overlay files": stamp.key(ours),
            "overlay edits": stamp.key(list(map(str, overlay.edits())))}


def _overlaid() -> list[Path]:
    """Our files that are part of what is built: the library's."""
    return [path for path in overlay.files() if path.parts[0] == "Lib"
            and not _is_skipped("/".join(path.parts[:4]))]


def run(config: Config, wanted: str) -> None:
    """Bring source/ in line with the tree and the overlay."""
    tree, copy = config.pristine, config.layout.stage("source")
    (copy / stamp.KEY).unlink(missing_ok=True)
    first = not copy.exists()
    edited = overlay.edited(tree)
    names = files(tree, config.layout.out)
    ours = _overlaid()
    _remove_all_but({stamp.KEY, *names, *map(str, ours)}, copy)
    for name in names:
        if name in edited:
            text = _OUR_TESTS.sub("", edited[name])
            _write(copy / name, text.encode("utf-8", "surrogateescape"),
                   tree / name, first)
        else:
            _copy(tree / name, copy / name, first)
    for path in ours:
        _copy(ROOT / path, copy / path, first)
    (copy / stamp.KEY).write_text(wanted)


def _remove_all_but(kept: set[str], copy: Path) -> None:
    """Remove files that are no more, and directories that leaves empty:
    what was a directory may have become a file.

    Bytecode goes as well, and what other versions of this module took.
    """
    if not copy.exists():
        return
    for name in set(_walk(copy, "", "", litter=True)) - kept:
        (copy / name).unlink()
        with contextlib.suppress(OSError):           # not empty
            os.removedirs((copy / name).parent)


def _copy(source: Path, target: Path, first: bool) -> None:
    """Copy a file or a link.

    At *first* with its times: CPython's makefile compares those of
    generated files with those of their sources.  Later on what changed
    is new, however old it is in the tree that it comes from: objects
    have been made of what was there before.
    """
    if source.is_symlink():
        if not target.is_symlink() or source.readlink() != target.readlink():
            target.unlink(missing_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source.readlink())
        return
    if target.is_symlink():
        target.unlink()
    before, after = source.stat(), _stat(target)
    # Sizes and times if they agree, else bytes.
    if (after and before.st_mode == after.st_mode
            and filecmp.cmp(source, target)):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    if not first:
        os.utime(target)


def _write(target: Path, data: bytes, model: Path, first: bool) -> None:
    """Write an edited file with the mode of the pristine one, and at
    *first* with its times, as in `_copy`."""
    if not _stat(target) or target.read_bytes() != data:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        shutil.copystat(model, target)
        if not first:
            os.utime(target)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
