"""Is this Python still what was unpacked?

Each archive brings a list of its files (Tools/standalone/manifest.py in
the source tree).  Several archives may lie over each other; what none of
them lists is extra, unless an installer may well have put it there.
Someone who changes files can change the lists too: whoever wants to know
about that checks the signatures of the lists first.
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

# The lists themselves, and what belongs to packages: pip can be replaced
# and removed like others.
_UNLISTED = re.compile(
    r"share/manifests/[^/]+\.sha256|"
    r"lib/python3[^/]*/site-packages/.*|bin/pip[\d.]*")
# Files that say who takes care of this Python: PEP 668, uv's own; and what
# a pybi has beside the tree.
_ADDED = re.compile(
    r"lib/python3[^/]*/EXTERNALLY-MANAGED|BUILD|pybi-info/[^/]+")
# uv and sysconfigpatcher write it anew, with other paths.
_REWRITTEN = re.compile(r"lib/python3[^/]*/_sysconfigdata_[^/]*\.py")
# .cpython-313.opt-1.pyc
_TAG = re.compile(r"\.[\w-]+(\.opt-\w+)?\.pyc\Z")
_BYTECODE = re.compile(r"(?:.*/)?__pycache__/[^/]+\.pyc")
_LINE = re.compile(
    r"(?P<sha256>[0-9a-f]{64})  (?P<file>.+)|# 755 (?P<runs>.+)|"
    r"# link (?P<link>.+) -> (?P<target>.+)")


class Unreadable(Exception):
    """There is no list of what was unpacked, or none that can be used."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file or, with a *target*, a symbolic link, as it was shipped."""

    sha256: str = ""
    target: str = ""
    executable: bool = False


@dataclasses.dataclass(frozen=True)
class Difference:
    """What is not as it was shipped; *what* is a word: "changed",
    "missing", "extra", "mode", "link" or "unreadable"."""

    path: str
    what: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """*manifests*: name → SHA-256 of the list itself.  *tolerated* is
    what installers legitimately rewrote."""

    files: int
    manifests: Mapping[str, str]
    differences: Sequence[Difference]
    tolerated: Sequence[str]


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; 1 for differences, 2 without a usable list."""
    parser = argparse.ArgumentParser(
        prog="python -m _standalone_runtime verify", description=(
            "Compare a standalone Python with the lists of files that "
            "came with it."))
    parser.add_argument("tree", nargs="?", default=sys.base_prefix,
                        help="its directory (default: this Python's)")
    parser.add_argument("--json", action="store_true",
                        help="for programs: one JSON object")
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
    """A line a difference, and what it comes to."""
    lines = [f"{entry.what:<10}  {entry.path}"
             + (f"  ({entry.detail})" if entry.detail else "")
             for entry in report.differences]
    lines.append(f"{report.files} files listed in "
                 f"{', '.join(sorted(report.manifests))}: "
                 + (f"{len(lines)} differences" if lines else
                    "nothing is missing, changed or extra"))
    if report.tolerated:
        lines.append("rewritten by an installer, as may be: "
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
    """Path → what was shipped there.  Raises Unreadable, with *name*."""
    above, _, end = content.rpartition(b"# end ")
    if end.strip() != hashlib.sha256(above).hexdigest().encode():
        raise Unreadable(f"{name} is damaged: its last line is not the "
                         "hash of those above it")
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
    """Files and links below *tree*; where it leads itself matters not."""
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
    """None for what is as one of the archives has it."""
    path = _path(tree, name)
    if not shipped:
        return Difference(name, "extra")
    if path.is_symlink():
        target = _portable(os.readlink(path))
        if any(entry.target == target for entry in shipped):
            return None
        return Difference(name, "link", f"leads to {target}")
    if all(entry.target for entry in shipped):
        return Difference(name, "link", "is none")
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as exc:
        return Difference(name, "unreadable", exc.strerror or "")
    same = [entry for entry in shipped if entry.sha256 == sha256]
    if not same:
        return Difference(name, "changed")
    # No more than this bit survives every umask.
    executable = bool(path.stat().st_mode & 0o100)
    if all(entry.executable != executable for entry in same):
        return Difference(name, "mode", "is executable" if executable
                          else "is not executable")
    return None


def _tolerable(tree: Path, different: Difference) -> bool:
    """Is this what an installer, or Python itself, may do?"""
    path, what = different.path, different.what
    if _BYTECODE.fullmatch(path):
        return what in ("extra", "missing") or (
            what == "changed" and _is_compiled_anew(_path(tree, path)))
    if what == "extra":
        return _ADDED.fullmatch(path) is not None
    return (what == "changed" and _REWRITTEN.fullmatch(path) is not None
            and _is_plain_data(_path(tree, path)))


def _is_compiled_anew(bytecode: Path) -> bool:
    """Does it claim, as what we ship does not, to be of the source that
    lies beside it?  PEP 552."""
    try:
        header = bytecode.read_bytes()[:16]
        # Not by source_from_cache(), which refuses names with more dots,
        # as PyInstaller's hooks have.
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
    """Is it one assignment of a literal, and nothing that runs?"""
    try:
        [statement] = ast.parse(path.read_bytes()).body
        data = ast.literal_eval(getattr(statement, "value", statement))
    except (OSError, SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Assign) and isinstance(data, dict)


def _installed(tree: Path) -> Iterator[str]:
    """What packages put anywhere in the tree, by their own records.

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
    """A name as UTF-8 has it, whatever the locale decoded it to."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def _path(tree: Path, name: str) -> Path:
    return tree / os.fsdecode(name.encode("utf-8", "surrogateescape"))
