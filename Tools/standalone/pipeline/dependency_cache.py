"""Keep built dependencies in the user's cache, for other builds to copy.

    CACHE/deps/NAME-KEY/tree/     what the stage made
    CACHE/deps/NAME-KEY/sha256    the hash of tree/

KEY is a hash of the dependency's planned key, which contains everything
that the output depends on and no directory of the build.  An entry appears
when it is complete.  Its users copy it, so that nothing they do to their
copy affects others, and verify the copy.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from standalone.core import stamp

_TREE, _HASH = "tree", "sha256"
#: What a copy is called until it is complete.
_PARTIAL = ".partial-"

#: Remove entries that no build has used for this long, in seconds.
UNUSED = 30 * 24 * 60 * 60
#: Remove copies that are incomplete after this long, in seconds: killed
#: builds have left them.
_ABANDONED = 60 * 60


def entry(cache: Path, name: str, wanted: str) -> Path:
    """Return the directory in *cache* of a dependency with a planned key."""
    return cache / f"{name}-{stamp.key(wanted)[:32]}"


def restore(found: Path, directory: Path) -> bool:
    """Copy the entry *found* into *directory*, which is empty.

    Return whether there is such an entry.  *directory* is empty again if
    there is none, or if it is not what was kept.
    """
    try:
        shutil.copytree(found / _TREE, directory, symlinks=True,
                        dirs_exist_ok=True)
        if stamp.tree_sha256(directory) == (found / _HASH).read_text():
            os.utime(found)      # the time of its last use, for prune()
            return True
    except OSError:              # shutil.Error too: another build removes it
        pass
    stamp.remove(directory)
    directory.mkdir()
    return False


def keep(directory: Path, kept: Path) -> None:
    """Copy *directory* to the entry *kept*, and remove unused entries.

    A cache that cannot be written to is not used.  If another build has
    kept the same entry meanwhile, that one stays.
    """
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=kept.parent))
    except OSError:
        return
    try:
        shutil.copytree(directory, scratch / _TREE, symlinks=True)
        (scratch / _HASH).write_text(stamp.tree_sha256(scratch / _TREE))
        if _damaged(kept):
            _discard(kept)
        scratch.rename(kept)
    except OSError:
        pass                     # no space, or kept by another build
    finally:
        _remove(scratch)
    # The time of the file system, which dates the entries: a build's clock
    # may be another, and would take a copy in progress for an old one.
    prune(kept.parent, kept.parent.stat().st_mtime)


def prune(cache: Path, now: float) -> None:
    """Remove from *cache* what was not used for UNUSED seconds before *now*.

    This includes what killed builds have left there.
    """
    for found in cache.iterdir():
        partial = found.name.startswith(_PARTIAL)
        try:
            age = now - found.stat().st_mtime
        except OSError:          # removed by another build
            continue
        if partial and age > _ABANDONED:
            _remove(found)
        elif age > UNUSED:
            _discard(found)


def _damaged(kept: Path) -> bool:
    """Return whether there is an entry that restore() would not use."""
    try:
        return (stamp.tree_sha256(kept / _TREE)
                != (kept / _HASH).read_text())
    except OSError:
        return kept.exists()


def _discard(found: Path) -> None:
    """Remove an entry; another build sees all of it, or nothing."""
    aside = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=found.parent))
    with contextlib.suppress(OSError):       # another build was faster
        found.rename(aside / found.name)
    _remove(aside)


def _remove(partial: Path) -> None:
    with contextlib.suppress(OSError):       # another build removes it, too
        stamp.remove(partial)
