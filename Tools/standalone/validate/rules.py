"""Rules for a finished tree.

The facts come from elf.py and the limits from policy.toml; this module
compares them.  A rule is a small function that yields what is wrong.  Each
rule is in one of three tables: for ELF files (elf_rules.py), for all files,
or for the tree as a whole.
"""

import ast
import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname

from standalone.formats.elf import Facts
from standalone.formats.tree import UNIX, unix
from standalone.validate.limits import Limits, leaves
from standalone.validate.policy import matches


@dataclass(frozen=True)
class Tree:
    """A tree, with the mode of every path and the facts of ELF files."""

    root: Path
    modes: Mapping[str, int]     # path -> st_mode, directories included
    facts: Mapping[str, Facts]   # path -> facts, ELF files only


Broken = tuple[str, str]         # path, detail
FileRule = Callable[[str, bytes, Limits], Iterator[str]]
TreeRule = Callable[[Tree, Limits], Iterator[Broken]]


# ----- One file ----------------------------------------------------------

def _build_path(path: str, data: bytes, limits: Limits) -> Iterator[str]:
    for needle in limits.expected.forbidden:
        at = data.find(needle)
        if at >= 0:
            yield (f"{data.count(needle)} times, first at byte {at}: "
                   f"{_printable(data[max(0, at - 16):at + 64])}")


def _placeholder(path: str, data: bytes, limits: Limits) -> Iterator[str]:
    prefix = limits.policy.placeholder.encode()
    if prefix not in data or b"\0" in data:
        return
    # Skip the end of a longer path, such as $(x)/install, and longer names.
    pattern = (rb"(?:^|-[IL]|[^\w.)}~-])" + re.escape(prefix)
               + rb"(?![\w-])")
    for number, line in enumerate(data.splitlines(), 1):
        if re.search(pattern, line):
            yield f"line {number}: {_printable(line.strip()[:100])}"


def _shebang(path: str, data: bytes, limits: Limits) -> Iterator[str]:
    if line := re.match(rb"#![ \t]*(/\S+)", data):
        interpreter = _printable(line[1])
        if matches(basename(interpreter), limits.policy.interpreters):
            yield f"#!{interpreter}"


def _sysconfig(path: str, data: bytes, limits: Limits) -> Iterator[str]:
    if not matches(path, [limits.policy.sysconfigdata]):
        return
    try:
        values = _dict_literal(data)
    except (SyntaxError, ValueError) as exc:
        yield f"not a plain dict literal: {exc}"
        return
    for name, value in values.items():
        text = str(value)
        # Check the values, not the file: it splits long strings and
        # escapes bytes.
        for needle in limits.expected.forbidden:
            if needle in text.encode(errors="surrogateescape"):
                yield f"{name} contains {_printable(needle)}"
        for word in re.split(r"[\s'\"=]+", text):
            if matches(word, limits.policy.toolchain_words):
                yield f"{name} contains {word}"
    for name, allowed in limits.policy.tools.items():
        if values.get(name) not in allowed:
            yield (f"{name} is {values.get(name)!r}, "
                   f"not {' or '.join(map(repr, allowed))}")


def _dict_literal(data: bytes) -> dict[str, object]:
    for statement in ast.parse(data).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="build_time_vars")],
                            value=ast.Dict() as literal):
                values: dict[str, object] = ast.literal_eval(literal)
                return values
    raise ValueError("build_time_vars is missing")


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7f else "."
                   for byte in data)


FILE_RULES: Mapping[str, FileRule] = {
    "build-path": _build_path,
    "placeholder": _placeholder,
    "shebang": _shebang,
    "sysconfig": _sysconfig,
}


# ----- The whole tree ----------------------------------------------------

def _links(tree: Tree, limits: Limits) -> Iterator[Broken]:
    root = os.path.realpath(tree.root)
    for path, mode in tree.modes.items():
        if not stat.S_ISLNK(mode):
            continue
        target = os.readlink(tree.root / path)
        end = os.path.realpath(tree.root / path)
        if target.startswith("/"):
            yield path, f"-> {target} is absolute"
        elif (leaves(dirname(path), target)
                or os.path.commonpath([root, end]) != root):
            yield path, f"-> {target} leaves the tree"
        elif not os.path.exists(end):
            yield path, f"-> {target} does not exist"


def _modes(tree: Tree, limits: Limits) -> Iterator[Broken]:
    for path, mode in tree.modes.items():
        if stat.S_ISLNK(mode):
            continue
        text = stat.filemode(mode)
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            yield path, f"{text}: not a file, directory or symbolic link"
        if mode & (stat.S_ISUID | stat.S_ISGID):
            yield path, f"{text}: setuid or setgid"
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield path, f"{text}: writable by users other than the owner"
        if dirname(path) == "bin" and mode & 0o111 != 0o111:
            yield path, f"{text}: not executable by all users"


def _case(tree: Tree, limits: Limits) -> Iterator[Broken]:
    """Yield paths that are the same on a case-insensitive file system.

    For example APFS, NTFS, and ext4 with casefold.
    """
    first: dict[str, str] = {}
    for path in tree.modes:
        other = first.setdefault(path.casefold(), path)
        if other != path and dirname(other) == dirname(path):
            yield path, f"differs only by case from {basename(other)}"


def _programs(tree: Tree, limits: Limits) -> Iterator[Broken]:
    """Check that bin/python and bin/python3 are the same program."""
    root = os.path.realpath(tree.root)
    ends = {path: os.path.relpath(os.path.realpath(tree.root / path), root)
            for path in (UNIX.python, "bin/python") if path in tree.modes}
    for path, end in ends.items():
        if end not in tree.facts:
            yield path, f"leads to {end}, which is not a program"
        elif end != ends.get(UNIX.python, end):
            yield path, (f"leads to {end}, but {UNIX.python} leads to "
                         f"{ends[UNIX.python]}")


def _modules(tree: Tree, limits: Limits) -> Iterator[Broken]:
    dynload = unix(limits.expected.python).dynload
    builtin = {name for path, facts in tree.facts.items()
               if not matches(path, [f"{dynload}/*"])
               for name in facts.inits}
    for module, kind in limits.expected.modules.items():
        init = f"PyInit_{module}"
        if kind == "builtin":
            if init not in builtin:
                yield "lib", f"built-in {module}: no file defines {init}"
            continue
        pattern = f"{dynload}/{module}.*.so"
        files = [path for path in tree.facts if matches(path, [pattern])]
        if not files:
            yield pattern, "is missing"
        for path in files:
            if not tree.facts[path].hook(module):
                yield path, f"exports neither {init} nor PyModExport_{module}"


def _twice(tree: Tree, limits: Limits) -> Iterator[Broken]:
    """Check that no shared module exports a symbol of the interpreter.

    Test modules contain copies of CPython's code: _testinternalcapi of 3.15
    defines _Py_jit_entry, too (https://github.com/python/cpython/issues/144712).
    The _modules rule is about PyInit_*.
    """
    core = {name for path, facts in tree.facts.items()
            if matches(path, limits.policy.api) for name in facts.exported
            if re.match("_?Py(?!Init_)", name)}
    dynload = unix(limits.expected.python).dynload
    for path, facts in tree.facts.items():
        both = core & facts.exported
        if both and matches(path, [f"{dynload}/*"]):
            yield path, ("also exported by the interpreter: "
                         + " ".join(sorted(both)))


def _owners(tree: Tree, limits: Limits) -> Iterator[Broken]:
    unlicensed = defaultdict(list)
    for path, mode in tree.modes.items():
        if stat.S_ISDIR(mode):
            continue
        owner = next((name for pattern, name in limits.policy.owners.items()
                      if matches(path, [pattern])), None)
        if owner is None:
            yield path, "belongs to no component"
        elif owner not in limits.expected.components:
            unlicensed[owner].append(path)
    for owner, paths in unlicensed.items():
        yield paths[0], (f"belongs to {owner}, which has no licence "
                         f"({len(paths)} files)")


def _present(tree: Tree, limits: Limits) -> Iterator[Broken]:
    for pattern in limits.policy.present:
        if not any(matches(path, [pattern]) for path in tree.modes):
            yield pattern, "is missing"


TREE_RULES: Mapping[str, TreeRule] = {
    "case": _case,
    "links": _links,
    "modes": _modes,
    "modules": _modules,
    "owners": _owners,
    "present": _present,
    "programs": _programs,
    "twice": _twice,
}
