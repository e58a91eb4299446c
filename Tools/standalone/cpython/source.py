"""Stage: copy a CPython tree and apply the overlay to the copy.

    any tree, overlay.toml, our Lib/  →  source/

The tree itself is not changed.  It may have been configured or built in
place, and its path may contain characters that configure cannot handle.
Only files that differ are written, so that make sees what changed.
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

# Files that are not needed, or that a build in place creates.  Patterns
# match a path relative to the tree or, without a slash, any file name.
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

# Lines of Makefile.pre.in that install our tests, which are not copied.
# test.test_tools.test_makefile compares the lines with the directories.
_OUR_TESTS = re.compile(
    r"(?m)^\t\ttest/test_tools/test_standalone(_archives|/\w+)? \\\n")


def files(tree: Path, out: Path) -> list[str]:
    """Return the paths of CPython's sources, relative to *tree*.

    Files below *out* are left out: a build writes them, possibly into
    the tree itself.
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
    """Return label → hash for the files of *tree* and of the overlay.

    For *tree*, only names, sizes, mtimes and modes are hashed, which is
    much faster than reading the files.
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
    """Return our files that become part of CPython: those in Lib/."""
    return [path for path in overlay.files() if path.parts[0] == "Lib"
            and not _is_skipped("/".join(path.parts[:4]))]


def run(config: Config, wanted: str) -> None:
    """Update source/ to the tree with the overlay applied."""
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
    """Remove all files except *kept*, and directories that become empty.

    Empty directories must not remain, since the new tree may have a file
    of the same name.  Bytecode, and files that another version of this
    module copied, are removed too.
    """
    if not copy.exists():
        return
    for name in set(_walk(copy, "", "", litter=True)) - kept:
        (copy / name).unlink()
        with contextlib.suppress(OSError):           # not empty
            os.removedirs((copy / name).parent)


def _copy(source: Path, target: Path, first: bool) -> None:
    """Copy a file or a symbolic link if it differs.

    The *first* copy preserves mtimes because CPython's makefile compares
    those of generated files with those of their sources.  Later, a
    changed file gets the current time even if it is old in the tree,
    because objects were built from its previous version.
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
    # cmp() reads the files only if their sizes or times differ.
    if (after and before.st_mode == after.st_mode
            and filecmp.cmp(source, target)):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    if not first:
        os.utime(target)


def _write(target: Path, data: bytes, model: Path, first: bool) -> None:
    """Write an edited file if it differs, with the mode of *model*.

    Its mtime is set as in `_copy`.
    """
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
