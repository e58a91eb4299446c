"""Apply the overlay, the fork's files and edits, to a CPython tree.

overlay.toml lists the files that the fork adds to a tree and its edits to
CPython's own files.  Every edit can be undone in memory, so the original
text of a file is known even if the overlay has been applied to the tree.
`apply` and `diff` both start from that text.
"""

import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standalone.core.errors import UsageError
from standalone.core.layout import ROOT
from standalone.cpython import patches
from standalone.cpython.patches import File
from standalone.sources.version import is_in, python_version

_BEGIN, _END = "dnl standalone: begin\n", "dnl standalone: end\n"
# Words that only occur in our lines: with_standalone, standalone-help ...
_OUR_WORD = re.compile(r"[\w.-]*standalone[\w.-]*", re.IGNORECASE)


@dataclass(frozen=True)
class Edit:
    """An edit to one of CPython's files: *old* lines become *new* lines.

    *old* is the anchor and *text* is our part of *new*.  *python* limits
    the edit to some versions: ">=3.14" or "<3.14".  *purpose*, *why* and
    *left_out*, whether the others would need it too, change no file, and
    are not part of the repr, which is part of keys.
    """

    file: str
    old: str
    new: str
    text: str
    python: str = ""
    purpose: str = field(default="", repr=False)
    why: str = field(default="", repr=False)
    left_out: bool = field(default=False, repr=False)

    def fits(self, version: tuple[int, int]) -> bool:
        """Return whether this edit is for CPython *version*."""
        return is_in(version, self.python)


def files(root: Path = ROOT) -> list[Path]:
    """Return the files to add to a tree, relative to *root*, sorted."""
    found: set[Path] = set()
    for pattern in _config(root)["files"]:
        for path in root.glob(pattern):
            found.update(path.rglob("*") if path.is_dir() else [path])
    return sorted(path.relative_to(root) for path in found
                  if path.is_file() and _is_source(path.relative_to(root)))


def edits(root: Path = ROOT) -> list[Edit]:
    """Return the edits to CPython's files, in the order of overlay.toml.

    An edit to lines that some versions have in another file is there
    once for each file.
    """
    return [_edit(table | place, root) for table in _config(root)["edit"]
            for place in ({}, *table.get("moved", ()))]


def edited(tree: Path, root: Path = ROOT) -> dict[str, str]:
    """Return name → new text of CPython's files with edits.

    The result is the same whether or not the overlay has been applied to
    *tree*.  Raises UsageError if an anchor is missing or ambiguous, or if
    our lines have been changed.
    """
    texts = _pristine(tree, root)
    for edit in fitting(tree, root):
        texts[edit.file] = _swap(texts[edit.file], edit.old, edit.new)
    return texts


def apply(tree: Path, root: Path = ROOT) -> list[Path]:
    """Apply the overlay to *tree*; return the changed files' paths.

    The paths are relative to *tree*.  Everything is computed and checked
    before any file is written, and only files that differ are written.
    Raises UsageError like `edited`, and if a file cannot be written.
    """
    changed = []
    for path, wanted in _wanted(tree, root).items():
        if read(tree / path) != wanted:
            _write(tree / path, wanted)
            changed.append(path)
    return changed


def check(tree: Path, root: Path = ROOT) -> bool:
    """Return whether the overlay has been applied to *tree* completely.

    Raises UsageError, like `edited`, if it cannot be applied.
    """
    return all(read(tree / path) == wanted
               for path, wanted in _wanted(tree, root).items())


def diff(tree: Path, root: Path = ROOT) -> str:
    """Return the overlay as a unified diff against the pristine *tree*.

    The diff has git's headers, which let ``patch -p1`` create empty files
    and set the executable bit.  Bytes that are not UTF-8 are represented
    by surrogates; encode the text with ``errors="surrogateescape"``.
    Raises UsageError like `edited`.
    """
    before = _pristine(tree, root)
    return "".join(
        patches.change(path.as_posix(), _original(path, before, wanted),
                       wanted)
        for path, wanted in _wanted(tree, root).items())


def part(tree: Path, purposes: Collection[str],
         root: Path = ROOT) -> dict[str, tuple[File, File]]:
    """Return name → original and new file, for the edits of *purposes*.

    Raises UsageError like `edited`, for all edits.
    """
    before = _pristine(tree, root)
    after = dict(before)
    for edit in fitting(tree, root):
        if edit.purpose in purposes:
            after[edit.file] = _swap(after[edit.file], edit.old, edit.new)
    changed = {}
    for name, text in after.items():
        if text != before[name]:
            mode = (tree / name).stat().st_mode & 0o100 != 0
            changed[name] = (File(patches.encode(before[name]), mode),
                             File(patches.encode(text), mode))
    return changed


def warning(tree: Path, root: Path = ROOT) -> str:
    """Return a warning if *tree* is newer than all that were tried."""
    newest = max(map(_minor, _config(root)["checked"]))
    version = python_version(tree)
    if _minor(version) <= newest:
        return ""
    return (f"CPython {version} is newer than {newest[0]}.{newest[1]}, the "
            "newest version that the overlay was checked with")


# --- overlay.toml ---------------------------------------------------------

def _config(root: Path) -> dict[str, Any]:
    path = root / "Tools" / "standalone" / "cpython" / "overlay.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _is_source(path: Path) -> bool:
    """Return whether *path* is neither hidden nor in __pycache__."""
    return not any(part.startswith(".") or part == "__pycache__"
                   for part in path.parts)


def _edit(table: dict[str, Any], root: Path) -> Edit:
    anchor = _lines(table["anchor"])
    if "text_from" in table:
        text = _block((root / table["text_from"]).read_text("utf-8"))
    else:
        text = _lines(table["text"])
    new = {"before": text + anchor, "after": anchor + text,
           "replace": text}[table["place"]]
    return Edit(table["file"], anchor, new, text, table.get("python", ""),
                table.get("purpose", ""), table.get("why", ""),
                table.get("left_out", False))


def _lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _block(text: str) -> str:
    """Return the lines between the markers in *text*, with the markers.

    *text* is a fragment in our repository or, if the root is a tree that
    the overlay has been applied to, the complete configure.ac.
    """
    return text[text.index(_BEGIN):text.index(_END) + len(_END)]


# --- edits ----------------------------------------------------------------

def fitting(tree: Path, root: Path = ROOT) -> list[Edit]:
    """Return the edits that the version of *tree* needs."""
    version = _minor(python_version(tree))
    return [edit for edit in edits(root) if edit.fits(version)]


def _minor(version: str) -> tuple[int, int]:
    major, minor = re.findall(r"\d+", version)[:2]
    return int(major), int(minor)


def _pristine(tree: Path, root: Path) -> dict[str, str]:
    """Return name → original text of the files that have edits."""
    wanted = fitting(tree, root)
    texts = {edit.file: _text(tree, edit.file) for edit in wanted}
    for edit in reversed(wanted):
        texts[edit.file] = _swap(texts[edit.file], edit.new, edit.old)
    for edit in wanted:
        _verify(edit, texts[edit.file])
    return texts


def _verify(edit: Edit, pristine: str) -> None:
    # If a line of ours remains, its edit was not undone, and applying the
    # edit would add the line again.
    ours = {*_OUR_WORD.findall(edit.text)} - {"standalone"}
    left = sorted(word for word in ours if word in pristine
                  and word in _OUR_WORD.findall(pristine))
    if left:
        raise UsageError(
            f"{edit.file}: the overlay's lines with {left[0]!r} have been "
            "edited or moved; nothing was changed",
            hint=f"restore CPython's own {edit.file}, then apply again")
    found = _count(pristine, edit.old)
    if found != 1:
        raise UsageError(
            f"{edit.file}: the anchor {_short(edit.old)!r} "
            f"{f'matches {found} times' if found else 'is missing'}; "
            "nothing was changed",
            hint="this version of CPython has other lines there: adapt the "
                 "edit in Tools/standalone/cpython/overlay.toml")


def _text(tree: Path, name: str) -> str:
    file = read(tree / name)
    if file is None:
        raise UsageError(f"{tree} has no {name}; nothing was changed",
                         hint="use a release tarball or a git checkout")
    return patches.decode(file.data)


def _places(text: str, lines: str) -> Iterator[int]:
    """Yield the offsets of *lines* in *text*, at the start of a line.

    A regular expression with ^ would take seconds for configure, which
    has a megabyte.
    """
    at = text.find(lines)
    while at >= 0:
        if at == 0 or text[at - 1] == "\n":
            yield at
        at = text.find(lines, at + 1)


def _count(text: str, lines: str) -> int:
    return sum(1 for _ in _places(text, lines))


def _swap(text: str, old: str, new: str) -> str:
    """Return *text* with the first *old* lines, if any, replaced by *new*."""
    for at in _places(text, old):
        return text[:at] + new + text[at + len(old):]
    return text


def _short(lines: str) -> str:
    line = lines.strip().partition("\n")[0]
    return line if len(line) <= 60 else f"{line[:57]}..."


# --- files ----------------------------------------------------------------

def _wanted(tree: Path, root: Path) -> dict[Path, File]:
    """Return path → content of our files and edited files, in order.

    Files are written in this order: configure must be newer than
    configure.ac, from which it is generated.
    """
    texts = edited(tree, root)
    wanted = {}
    for path in files(root):
        file = read(root / path)
        assert file is not None
        wanted[path] = file
    for name, text in texts.items():
        file = read(tree / name)
        assert file is not None
        wanted[Path(name)] = File(patches.encode(text), file.executable)
    return wanted


def _original(path: Path, before: Mapping[str, str],
              wanted: File) -> File | None:
    text = before.get(path.as_posix())
    if text is None:
        return None
    return File(patches.encode(text), wanted.executable)


def read(path: Path) -> File | None:
    """Return the file *path*, or None if it is not a file."""
    if not path.is_file():
        return None
    return File(path.read_bytes(), bool(path.stat().st_mode & 0o100))


def _write(path: Path, file: File) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(file.data)
        scratch.chmod(0o755 if file.executable else 0o644)
        scratch.replace(path)
    except OSError as exc:
        raise UsageError(f"cannot write {path}: {exc.strerror}") from exc
    finally:
        if scratch.exists():
            scratch.unlink()
