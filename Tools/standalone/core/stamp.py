"""Content keys, and outputs that appear whole or not at all.

*mtime asks, key answers*: `plan` writes the key that an output ought to
have into a file that make compares with the output's own ``.key``.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

KEY = ".key"


def key(*parts: object) -> str:
    """A hash of *parts*: strings, numbers, lists and dicts of them."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return file_digest(path, "sha256")


def file_digest(path: Path, algorithm: str) -> str:
    """A hash of a file's bytes, in hex; *algorithm* as hashlib has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def tree_sha256(root: Path) -> str:
    """A hash over the names and bytes of all files below *root*."""
    return key([(str(path.relative_to(root)), file_sha256(path))
                for path in sorted(root.rglob("*"))
                if path.is_file() and path.suffix != ".pyc"])


def is_fresh(output: Path, wanted: str) -> bool:
    """Was *output* made whole, and of just these inputs?"""
    try:
        return (output / KEY).read_text() == wanted
    except OSError:
        return False


def write_atomic(path: Path, text: str) -> None:
    """Write *path* so that a reader sees the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_if_changed(path: Path, text: str) -> bool:
    """Write *path* only if that changes it, so that mtimes mean news."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except OSError:
        pass
    write_atomic(path, text)
    return True


@contextlib.contextmanager
def output_dir(output: Path, wanted: str) -> Iterator[Path]:
    """A fresh directory that becomes *output* if the body succeeds.

    What a killed run left under the temporary name is removed first,
    what a failed one leaves stays there for a look.
    """
    scratch = output.with_name(f"{output.name}.partial")
    remove(scratch)
    scratch.mkdir(parents=True)
    yield scratch
    (scratch / KEY).write_text(wanted)
    remove(output)
    scratch.rename(output)


def remove(path: Path) -> None:
    """Remove a directory tree that may not exist."""
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():            # not writable below, as some sources are
        for directory, _, _ in os.walk(path):
            os.chmod(directory, 0o700)
        shutil.rmtree(path)
