"""Compare the files of this Python with those that were shipped.

Each archive contains a list of its files, see "Manifests" in
Tools/standalone/docs/formats.md in the source tree.  Several archives may
have been unpacked over each other.  A file that none of them lists is
extra, unless installers may create it.  This does not detect an attacker,
who can also change the lists, unless you verify their signatures first.
"""

import argparse
import ast
import csv
import dataclasses
import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from _standalone_runtime.doctor import printable

_MANIFESTS = "share/manifests"

# The lists themselves, and files of packages, which include pip: the user may
# replace and remove it.
_UNLISTED = re.compile(
    r"share/manifests/[^/]+\.sha256|"
    r"lib/python3[^/]*/site-packages/.*|bin/pip[\d.]*")
# Files that name the tool that manages this Python (PEP 668, uv), and files
# that a pybi contains in addition to the tree.
_ADDED = re.compile(
    r"lib/python3[^/]*/EXTERNALLY-MANAGED|BUILD|pybi-info/[^/]+")
# uv and sysconfigpatcher rewrite it with other paths.
_REWRITTEN = re.compile(r"lib/python3[^/]*/_sysconfigdata_[^/]*\.py")
# .cpython-313.opt-1.pyc
_TAG = re.compile(r"\.[\w-]+(\.opt-\w+)?\.pyc\Z")
_BYTECODE = re.compile(r"(?:.*/)?__pycache__/[^/]+\.pyc")
_LINE = re.compile(
    r"(?P<sha256>[0-9a-f]{64})  (?P<file>.+)|# 755 (?P<runs>.+)|"
    r"# link (?P<link>.+) -> (?P<target>.+)")


class Unreadable(Exception):
    """There is no usable list of what was unpacked."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file or, with a *target*, a symbolic link, as it was shipped."""

    sha256: str = ""
    target: str = ""
    executable: bool = False


@dataclasses.dataclass(frozen=True)
class Difference:
    """A file that is not as it was shipped.  *what* is "changed",
    "missing", "extra", "mode", "link" or "unreadable"."""

    path: str
    what: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """The result.  *manifests* maps the name of a list to its SHA-256.
    *tolerated* are files that installers rewrote legitimately."""

    files: int
    manifests: Mapping[str, str]
    differences: Sequence[Difference]
    tolerated: Sequence[str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.  Return 1 if there are differences, and 2 if
    there is no usable list."""
    parser = argparse.ArgumentParser(
        prog="python -m _standalone_runtime verify", description=(
            "Compare a standalone Python with the lists of files that "
            "were shipped with it."))
    parser.add_argument("tree", nargs="?", default=sys.base_prefix,
                        help="its directory (default: this Python's)")
    parser.add_argument("--json", action="store_true",
                        help="print one JSON object, for programs")
    options = parser.parse_args(argv)
    try:
        report = verify(Path(options.tree))
    except Unreadable as exc:
        if options.json:
            print(json.dumps({"ok": False, "error": str(exc)}))
        print(printable(f"standalone: verify: {exc}"), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"ok": not report.differences}
                         | dataclasses.asdict(report), indent=2))
    else:
        print(printable(as_text(report)))
    return int(bool(report.differences))


def as_text(report: Report) -> str:
    """Return one line per difference, and a summary."""
    lines = [f"{entry.what:<10}  {entry.path}"
             + (f"  ({entry.detail})" if entry.detail else "")
             for entry in report.differences]
    lines.append(f"{report.files} files listed in "
                 f"{', '.join(sorted(report.manifests))}: "
                 + (f"{len(lines)} differences" if lines else
                    "nothing is missing, changed or extra"))
    if report.tolerated:
        lines.append("rewritten by an installer, which is allowed: "
                     + ", ".join(report.tolerated))
    return "\n".join(lines)


def verify(tree: Path) -> Report:
    """Compare *tree* with its lists.  Raises Unreadable."""
    shipped: dict[str, list[Entry]] = {}
    manifests = {}
    for path in sorted(tree.glob(f"{_MANIFESTS}/*.sha256")):
        content = _bytes(path)
        manifests[path.stem] = hashlib.sha256(content).hexdigest()
        for name, entry in read(content, f"{_MANIFESTS}/{path.name}").items():
            shipped.setdefault(name, []).append(entry)
    if not manifests:
        raise Unreadable(f"no list of files in {tree / _MANIFESTS}")
    found = _files(tree)
    installed = set(_installed(tree)) - shipped.keys()
    differences: list[Difference] = []
    tolerated: list[str] = []
    for name in sorted({*shipped, *found}):
        if _UNLISTED.fullmatch(name) or name in installed:
            continue
        different = (_difference(tree, name, shipped.get(name, ()))
                     if name in found else Difference(name, "missing"))
        if different is None:
            continue
        if not _tolerable(tree, different):
            differences.append(different)
        elif _REWRITTEN.fullmatch(name):
            tolerated.append(name)
    return Report(len(shipped), manifests, differences, tolerated)


def read(content: bytes, name: str) -> dict[str, Entry]:
    """Parse a list: path → what was shipped.  Raises Unreadable, with the
    *name* of the list in the message."""
    above, _, end = content.rpartition(b"# end ")
    if end.strip() != hashlib.sha256(above).hexdigest().encode():
        raise Unreadable(f"{name} is damaged: its last line is not the "
                         "hash of the lines above it")
    entries: dict[str, Entry] = {}
    executables = set()
    lines = above.decode("utf-8", "surrogateescape").split("\n")[:-1]
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise Unreadable(f"{name} is damaged: line {number} is "
                             f"{line[:80]!r}")
        if found["file"]:
            entries[found["file"]] = Entry(
                found["sha256"], executable=found["file"] in executables)
        elif found["link"]:
            entries[found["link"]] = Entry(target=found["target"])
        else:
            executables.add(found["runs"])
    return entries


def _files(tree: Path) -> set[str]:
    """Return the files and links below *tree*, which may itself be a link."""
    found = set()
    for parent, directories, files in os.walk(tree):
        links = [name for name in directories
                 if os.path.islink(os.path.join(parent, name))]
        for name in (*files, *links):
            found.add(_portable(os.path.relpath(
                os.path.join(parent, name), tree)))
    return found


def _difference(tree: Path, name: str,
                shipped: Sequence[Entry]) -> Difference | None:
    """Return None if the file is as one of the archives shipped it."""
    path = _path(tree, name)
    if not shipped:
        return Difference(name, "extra")
    if path.is_symlink():
        target = _portable(os.readlink(path))
        if any(entry.target == target for entry in shipped):
            return None
        return Difference(name, "link", f"points to {target}")
    if all(entry.target for entry in shipped):
        return Difference(name, "link", "is not a link")
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as exc:
        return Difference(name, "unreadable", exc.strerror or "")
    same = [entry for entry in shipped if entry.sha256 == sha256]
    if not same:
        return Difference(name, "changed")
    # This is the only bit that does not depend on the umask.
    executable = bool(path.stat().st_mode & 0o100)
    if all(entry.executable != executable for entry in same):
        return Difference(name, "mode", "is executable" if executable
                          else "is not executable")
    return None


def _tolerable(tree: Path, different: Difference) -> bool:
    """May an installer, or Python itself, have made this change?"""
    path, what = different.path, different.what
    if _BYTECODE.fullmatch(path):
        return what in ("extra", "missing") or (
            what == "changed" and _is_compiled_anew(_path(tree, path)))
    if what == "extra":
        return _ADDED.fullmatch(path) is not None
    return (what == "changed" and _REWRITTEN.fullmatch(path) is not None
            and _is_plain_data(_path(tree, path)))


def _is_compiled_anew(bytecode: Path) -> bool:
    """Was *bytecode* compiled from the source file next to it, according to
    the time or checked hash in its header (PEP 552)?  The bytecode that we
    ship has unchecked hashes."""
    try:
        header = bytecode.read_bytes()[:16]
        # source_from_cache() does not accept names with more dots, which
        # PyInstaller's hooks have.
        source = bytecode.parent.with_name(_TAG.sub(".py", bytecode.name))
        content, status = source.read_bytes(), source.stat()
    except (OSError, ValueError):
        return False
    flags = int.from_bytes(header[4:8], "little")
    if flags == 0:
        return header[8:] == b"".join(
            (int(number) & 0xFFFF_FFFF).to_bytes(4, "little")
            for number in (status.st_mtime, status.st_size))
    return flags == 0b11 and (
        header[8:] == importlib.util.source_hash(content))


def _is_plain_data(path: Path) -> bool:
    """Is the file one assignment of a literal, without other code?"""
    try:
        [statement] = ast.parse(path.read_bytes()).body
        data = ast.literal_eval(getattr(statement, "value", statement))
    except (OSError, SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Assign) and isinstance(data, dict)


def _installed(tree: Path) -> Iterator[str]:
    """Yield the files that packages installed, according to RECORD.

    https://packaging.python.org/specifications/recording-installed-packages/
    """
    for record in tree.glob("lib/python3*/site-packages/*.dist-info/RECORD"):
        site = record.parent.parent.relative_to(tree)
        lines = _bytes(record).decode("utf-8", "replace").splitlines()
        for name, *_ in csv.reader(lines):
            yield os.path.normpath(PurePosixPath(site, name))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise Unreadable(f"cannot read {path}: {exc.strerror}") from exc


def _portable(name: str) -> str:
    """Decode a name as UTF-8, independently of the locale."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def _path(tree: Path, name: str) -> Path:
    return tree / os.fsdecode(name.encode("utf-8", "surrogateescape"))
