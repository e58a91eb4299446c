"""Overlay: the fork's files and edits -> a CPython tree.

overlay.toml says what the fork adds to a tree and which lines of
CPython's own files it edits.  Every edit can be taken back in memory, so
what a file was before is known in a pristine tree and in an overlaid one
alike; `apply` and `diff` both start from there.
"""

import difflib
import io
import operator
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.core.errors import UsageError
from standalone.core.layout import ROOT
from standalone.sources.version import python_version

_BEGIN, _END = "dnl standalone: begin\n", "dnl standalone: end\n"
# Words that only lines of ours have: with_standalone, standalone-help ...
_OUR_WORD = re.compile(r"[\w.-]*standalone[\w.-]*", re.IGNORECASE)
_OPERATORS = {">=": operator.ge, "<": operator.lt}


@dataclass(frozen=True)
class Edit:
    """One edit to a file of CPython's: *old* lines become *new* ones.

    *old* is the anchor; *text* is what *new* has of ours.
    """

    file: str
    old: str
    new: str
    text: str
    python: str = ""

    def fits(self, version: tuple[int, int]) -> bool:
        """Does CPython *version* need this edit?"""
        if not self.python:
            return True
        sign = ">=" if self.python.startswith(">=") else "<"
        bound = self.python.removeprefix(sign).split(".")
        return bool(_OPERATORS[sign](version, tuple(map(int, bound))))


@dataclass(frozen=True)
class File:
    """The content of a file, and whether it is a program."""

    data: bytes
    executable: bool


def files(root: Path = ROOT) -> list[Path]:
    """The files that are laid over a tree, relative to *root*, sorted."""
    found: set[Path] = set()
    for pattern in _config(root)["files"]:
        for path in root.glob(pattern):
            found.update(path.rglob("*") if path.is_dir() else [path])
    return sorted(path.relative_to(root) for path in found
                  if path.is_file() and _is_source(path.relative_to(root)))


def edits(root: Path = ROOT) -> list[Edit]:
    """The edits to CPython's files, in the order of overlay.toml."""
    return [_edit(table, root) for table in _config(root)["edit"]]


def edited(tree: Path, root: Path = ROOT) -> dict[str, str]:
    """Each file of CPython's that is edited: its new text.

    The same whether *tree* has been overlaid or not.  Raises UsageError
    where an anchor is missing or ambiguous, or our text was changed.
    """
    texts = _pristine(tree, root)
    for edit in _fitting(tree, root):
        texts[edit.file] = _swap(texts[edit.file], edit.old, edit.new)
    return texts


def apply(tree: Path, root: Path = ROOT) -> list[Path]:
    """Lay the overlay over *tree*; return what changed, relative to it.

    All is computed and checked before anything is written, and only what
    differs is written.  Raises UsageError as `edited` does, and for a
    tree that is not writable.
    """
    changed = []
    for path, wanted in _wanted(tree, root).items():
        if _read(tree / path) != wanted:
            _write(tree / path, wanted)
            changed.append(path)
    return changed


def check(tree: Path, root: Path = ROOT) -> bool:
    """Is the overlay in *tree*, whole?  Raises UsageError if it cannot be."""
    return all(_read(tree / path) == wanted
               for path, wanted in _wanted(tree, root).items())


def diff(tree: Path, root: Path = ROOT) -> str:
    """The fork as one unified diff against the pristine *tree*.

    It has git's headers, so that ``patch -p1`` makes programs executable
    and empty files too.  Bytes that are not UTF-8 are surrogates, to be
    encoded with ``errors="surrogateescape"``.  Raises as `edited` does.
    """
    before = _pristine(tree, root)
    return "".join(
        _file_diff(path.as_posix(), before.get(path.as_posix()), wanted)
        for path, wanted in _wanted(tree, root).items())


# --- overlay.toml ---------------------------------------------------------

def _config(root: Path) -> dict[str, Any]:
    path = root / "Tools" / "standalone" / "cpython" / "overlay.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _is_source(path: Path) -> bool:
    """Neither hidden nor the cache of an interpreter."""
    return not any(part.startswith(".") or part == "__pycache__"
                   for part in path.parts)


def _edit(table: dict[str, str], root: Path) -> Edit:
    anchor = _lines(table["anchor"])
    if "text_from" in table:
        text = _block((root / table["text_from"]).read_text("utf-8"))
    else:
        text = _lines(table["text"])
    new = {"before": text + anchor, "after": anchor + text,
           "replace": text}[table["place"]]
    return Edit(table["file"], anchor, new, text, table.get("python", ""))


def _lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _block(text: str) -> str:
    """The marked part of a file: of the fragment that the repository has,
    or of the whole configure.ac where *root* is an overlaid tree."""
    return text[text.index(_BEGIN):text.index(_END) + len(_END)]


# --- edits ----------------------------------------------------------------

def _fitting(tree: Path, root: Path) -> list[Edit]:
    major, minor = re.findall(r"\d+", python_version(tree))[:2]
    return [edit for edit in edits(root)
            if edit.fits((int(major), int(minor)))]


def _pristine(tree: Path, root: Path) -> dict[str, str]:
    """The edited files as they are without our edits."""
    wanted = _fitting(tree, root)
    texts = {edit.file: _text(tree, edit.file) for edit in wanted}
    for edit in reversed(wanted):
        texts[edit.file] = _swap(texts[edit.file], edit.new, edit.old)
    for edit in wanted:
        _verify(edit, texts[edit.file])
    return texts


def _verify(edit: Edit, pristine: str) -> None:
    # A line of ours that could not be taken back would be put in twice.
    ours = {*_OUR_WORD.findall(edit.text)} - {"standalone"}
    left = sorted(word for word in ours if word in pristine
                  and word in _OUR_WORD.findall(pristine))
    if left:
        raise UsageError(
            f"{edit.file}: our lines with {left[0]!r} are there, but "
            "changed or moved; nothing was changed",
            hint=f"restore CPython's own {edit.file}, then apply again")
    found = _count(pristine, edit.old)
    if found != 1:
        raise UsageError(
            f"{edit.file}: the anchor {_short(edit.old)!r} "
            f"{f'matches {found} times' if found else 'is missing'}; "
            "nothing was changed",
            hint="this CPython has moved something: adapt the edit in "
                 "Tools/standalone/cpython/overlay.toml")


def _text(tree: Path, name: str) -> str:
    file = _read(tree / name)
    if file is None:
        raise UsageError(f"{tree} has no {name}; nothing was changed",
                         hint="a release tarball and a git checkout have it")
    return _decode(file.data)


def _places(text: str, lines: str) -> Iterator[int]:
    """Where *lines* stand in *text* as whole lines.  (With ^ in a regular
    expression, configure's megabyte would take seconds.)"""
    at = text.find(lines)
    while at >= 0:
        if at == 0 or text[at - 1] == "\n":
            yield at
        at = text.find(lines, at + 1)


def _count(text: str, lines: str) -> int:
    return sum(1 for _ in _places(text, lines))


def _swap(text: str, old: str, new: str) -> str:
    """*text* with the first *old* lines, if any, replaced by *new*."""
    for at in _places(text, old):
        return text[:at] + new + text[at + len(old):]
    return text


def _short(lines: str) -> str:
    line = lines.strip().partition("\n")[0]
    return line if len(line) <= 60 else f"{line[:57]}..."


# --- files ----------------------------------------------------------------

def _wanted(tree: Path, root: Path) -> dict[Path, File]:
    """What the overlaid tree has, by path, in the order of writing.

    configure comes after configure.ac, being made from it.
    """
    texts = edited(tree, root)
    wanted = {}
    for path in files(root):
        file = _read(root / path)
        assert file is not None
        wanted[path] = file
    for name, text in texts.items():
        file = _read(tree / name)
        assert file is not None
        wanted[Path(name)] = File(_encode(text), file.executable)
    return wanted


def _read(path: Path) -> File | None:
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


# Bytes of any encoding survive, as do line ends and form feeds.
def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# --- diff -----------------------------------------------------------------

def _file_diff(name: str, before: str | None, after: File) -> str:
    header = [f"diff --git a/{name} b/{name}\n"]
    if before is None:
        mode = "100755" if after.executable else "100644"
        header.append(f"new file mode {mode}\n")
        if not after.data:
            # patch makes an empty file if it sees git's hash of nothing.
            header.append("index 0000000..e69de29\n")
    return "".join([*header, *_hunks(name, before, _decode(after.data))])


def _hunks(name: str, before: str | None, after: str) -> Iterator[str]:
    source = "/dev/null" if before is None else f"a/{name}"
    for line in difflib.unified_diff(_split(before or ""), _split(after),
                                     source, f"b/{name}"):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _split(text: str) -> list[str]:
    """Lines as patch sees them: str.splitlines splits at form feeds."""
    return io.StringIO(text, newline="\n").readlines()
