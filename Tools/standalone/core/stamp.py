"""Content keys, and outputs that are written completely or not at all.

`plan` writes the key that an output should have into a file, which is
make's prerequisite for that output.  If the file is newer than the
output, the stage compares the key with the output's own ``.key`` file.
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
    """Return a hash of *parts*: strings, numbers, lists and dicts."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 hash of a file's content, in hexadecimal."""
    return file_digest(path, "sha256")


def file_digest(path: Path, algorithm: str) -> str:
    """Return a hash of a file's content, in hexadecimal.

    *algorithm* is a name that hashlib accepts.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def tree_sha256(root: Path) -> str:
    """Return a hash of the names and contents of the files below *root*.

    Bytecode files (``.pyc``) are ignored.
    """
    return key([(str(path.relative_to(root)), file_sha256(path))
                for path in sorted(root.rglob("*"))
                if path.is_file() and path.suffix != ".pyc"])


def is_fresh(output: Path, wanted: str) -> bool:
    """Return whether *output* is complete and has the key *wanted*."""
    try:
        return (output / KEY).read_text() == wanted
    except OSError:
        return False


def write_atomic(path: Path, text: str) -> None:
    """Replace *path* atomically: readers see the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_if_changed(path: Path, text: str) -> bool:
    """Write *path* unless it has this *text*; return whether it changed.

    An unchanged file keeps its mtime, so that make rebuilds nothing.
    """
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except OSError:
        pass
    write_atomic(path, text)
    return True


@contextlib.contextmanager
def output_dir(output: Path, wanted: str) -> Iterator[Path]:
    """Provide a new directory that becomes *output* if the body succeeds.

    The directory gets the key *wanted* and replaces an older *output*.
    While the body runs, and after it fails, the directory is called
    ``OUTPUT.partial``, so that it can be examined; the next run removes
    it.
    """
    scratch = output.with_name(f"{output.name}.partial")
    remove(scratch)
    scratch.mkdir(parents=True)
    yield scratch
    (scratch / KEY).write_text(wanted)
    remove(output)
    scratch.rename(output)


def remove(path: Path) -> None:
    """Remove a directory tree if it exists."""
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():            # some sources contain read-only directories
        for directory, _, _ in os.walk(path):
            os.chmod(directory, 0o700)
        shutil.rmtree(path)
