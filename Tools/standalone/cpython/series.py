"""Write the overlay as one patch per purpose, for CPython's tracker.

Each patch applies by itself to the tree that it was made for: with
``git am``, or with ``patch -p1``.  It contains the edits of its purpose and
of the purposes that these need, our files that they need, its tests and its
NEWS entry.  Two patches may contain the same edit or file; ``git am -3``
applies one after the other nevertheless.
"""

import datetime
import email.utils
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.layout import ROOT
from standalone.cpython import overlay, patches, purposes
from standalone.cpython.patches import File
from standalone.cpython.purposes import Purpose
from standalone.sources.version import python_version

_NOBODY = "standalone <standalone@python.invalid>"


def write(tree: Path, directory: Path, root: Path = ROOT) -> list[Path]:
    """Write the patches for *tree* to *directory*; return their paths.

    The directory must not exist, or be empty; it is created completely or
    not at all.  Raises UsageError if it has files or cannot be written,
    or if an edit cannot be applied to the tree.
    """
    target = Path(os.path.realpath(directory))
    if target.exists() and not target.is_dir():
        raise UsageError(f"{directory} is not a directory")
    if target.is_dir() and any(target.iterdir()):
        raise UsageError(f"{directory} is not empty",
                         hint="choose a directory that does not exist")
    texts = series(tree, root)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        exists = target.is_dir()
        with tempfile.TemporaryDirectory(
                prefix=".series.",
                dir=target if exists else target.parent) as scratch:
            made = Path(scratch, "series")
            made.mkdir()
            for name, text in texts.items():
                (made / name).write_bytes(patches.encode(text))
            if exists:           # and may be somebody's working directory
                _move(made, target)
            else:
                made.replace(target)
    except OSError as exc:
        raise UsageError(
            f"cannot write {directory}: {exc.strerror}") from exc
    return [directory / name for name in texts]


def _move(source: Path, target: Path) -> None:
    """Move all files from *source* to *target*, or none."""
    moved = []
    try:
        for path in sorted(source.iterdir()):
            moved.append(path.replace(target / path.name))
    except BaseException:
        for path in moved:
            path.unlink()
        raise


def series(tree: Path, root: Path = ROOT) -> dict[str, str]:
    """Return file name → text of the patches for *tree*, in order.

    There is none for a purpose that the version of *tree* does not need.
    Raises UsageError if an edit cannot be applied to *tree*.
    """
    every = purposes.load(root)
    fitting = {edit.purpose for edit in overlay.fitting(tree, root)}
    wanted = [purpose for purpose in every.values()
              if purpose.subject and purpose.name in fitting]
    return {f"{number:04}-{_file_name(purpose)}.patch":
            _patch(purpose, every, tree, root)
            for number, purpose in enumerate(wanted, 1)}


def _patch(purpose: Purpose, every: Mapping[str, Purpose], tree: Path,
           root: Path) -> str:
    parts = purposes.parts(purpose, every)
    edited = overlay.part(tree, parts, root)
    text = "".join(edit.text for edit in overlay.fitting(tree, root)
                   if edit.purpose in parts)
    added = purposes.files(purpose, every, text, root)
    changes = [
        *(patches.change(name, *files) for name, files in edited.items()),
        *(patches.change(name, None, file) for name, file in added.items()),
        patches.change(_news_name(purpose), None,
                       File(patches.encode(f"{purpose.news}\n")))]
    return patches.mail(
        _title(purpose), purpose.body, _author(), _date(purpose),
        _notes(purpose, tree), "".join(changes))


def _title(purpose: Purpose) -> str:
    return f"gh-{purpose.issue or 'NNNNNN'}: {purpose.subject}"


def _file_name(purpose: Purpose) -> str:
    """Return the title like git format-patch: at most 52 characters."""
    words = "".join(character if character.isalnum() or character in "._"
                    else "-" for character in _title(purpose))
    return "-".join(filter(None, words.split("-")))[:52].strip("-.")


def _news_name(purpose: Purpose) -> str:
    """Return the path of the NEWS entry, as blurb makes it."""
    nonce = hashlib.sha256(purpose.news.encode()).hexdigest()[:6]
    return (f"Misc/NEWS.d/next/{purpose.section}/{purpose.date}.gh-issue-"
            f"{purpose.issue or 'NNNNNN'}.{nonce}.rst")


def _notes(purpose: Purpose, tree: Path) -> str:
    """Return what reviewers should know and a commit does not say."""
    lines = [f"Made for CPython {python_version(tree)}.",
             f"Answers: {', '.join(purpose.answers) or 'no known issue'}."]
    if not purpose.issue:
        lines.append("No issue of CPython's was found: open one, and put its "
                     "number in place of NNNNNN.")
    if purpose.until:
        lines.append(f"Not needed when {purpose.until}.")
    return "\n".join(lines) + "\n"


def _author() -> str:
    """Return the author for git am; the variables are git's own."""
    name, address = (os.environ.get(f"GIT_AUTHOR_{each}", "")
                     for each in ("NAME", "EMAIL"))
    if not name or not address or not (name + address).isprintable():
        return _NOBODY
    return email.utils.formataddr((name, address))


def _date(purpose: Purpose) -> str:
    date = datetime.datetime.strptime(
        purpose.date, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=datetime.UTC)
    return email.utils.format_datetime(date)
