"""The rules that a finished tree must keep.

The facts are elf.py's, the limits policy.toml's; here are the verdicts.
A rule is a small function that yields what is wrong, and stands in one
of three tables: of ELF files, of all files, of the tree as a whole.
"""

import ast
import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname, join, normpath

from standalone.elf import Facts
from standalone.model import Target
from standalone.policy import Policy, matches


@dataclass(frozen=True)
class Expectations:
    """What this one build promised, beside what the policy asks of all."""

    target: Target
    python: str                  # "3.13"
    # Paths of the build machine.  Raw bytes are compared, so that short
    # ones hit by chance: "/src/" rather than "/src".
    forbidden: tuple[bytes, ...]
    modules: Mapping[str, str]   # name -> "builtin" or "shared"
    components: frozenset[str]   # those whose licence is shipped


@dataclass(frozen=True)
class Limits:
    """All that a rule measures with."""

    policy: Policy
    expected: Expectations


@dataclass(frozen=True)
class Tree:
    """What a look at every file has found."""

    root: Path
    modes: Mapping[str, int]     # path -> st_mode, directories included
    facts: Mapping[str, Facts]   # path -> facts, ELF files only


Broken = tuple[str, str]         # path, detail
ElfRule = Callable[[str, Facts, Limits], Iterator[str]]
FileRule = Callable[[str, bytes, Limits], Iterator[str]]
TreeRule = Callable[[Tree, Limits], Iterator[Broken]]


# ----- One ELF file ------------------------------------------------------

def _machine(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    if facts.machine != limits.expected.target.elf_machine:
        yield f"{facts.machine}, not {limits.expected.target.elf_machine}"


def _cpu_level(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    level = limits.expected.target.cpu_level
    if facts.x86_level and facts.x86_level > level:
        yield f"x86-64-v{facts.x86_level}, not x86-64-v{level}"


def _needed(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    for library in facts.needed:
        if not matches(library, limits.policy.needed):
            yield library


def _versions(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    baseline = limits.expected.target.glibc
    for version in facts.versions:
        if version.family not in limits.policy.version_families:
            yield f"{version.name} of {version.library}"
        elif not version.number:
            yield f"{version.name} of {version.library} is private"
        elif version.number > baseline:
            yield (f"{version.name} of {version.library} is newer than "
                   f"{'.'.join(map(str, baseline))}")


def _rpath(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    for entry in facts.rpath:
        yield f"RPATH {entry}"
    for entry in facts.runpath:
        origin, _, rest = entry.partition("/")
        if origin != "$ORIGIN" or _leaves(dirname(path), rest):
            yield f"RUNPATH {entry}"


def _exports(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    names = sorted(name for name in facts.exported
                   if not matches(name, limits.policy.exported))
    if names:
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        yield " ".join(names[:10]) + more


def _flag(is_wrong: Callable[[Facts], bool], detail: str) -> ElfRule:
    def rule(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
        if is_wrong(facts) and facts.type != "ET_REL":
            yield detail         # of an object file, the linker decides

    return rule


def _hardened(is_wrong: Callable[[Facts], bool], detail: str) -> ElfRule:
    """For those files alone whose code is sure to show it."""
    def rule(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
        if is_wrong(facts) and matches(path, limits.policy.hardened):
            yield detail

    return rule


ELF_RULES: Mapping[str, ElfRule] = {
    "machine": _machine,
    "cpu-level": _cpu_level,
    "needed": _needed,
    "versions": _versions,
    "rpath": _rpath,
    "exports": _exports,
    "pie": _flag(lambda facts: facts.type == "ET_EXEC",
                 "not a position-independent executable"),
    "relro": _flag(lambda facts: not facts.relro, "not linked -z relro"),
    "bind-now": _flag(lambda facts: not facts.bind_now,
                      "not linked -z now"),
    "exec-stack": _flag(lambda facts: facts.exec_stack,
                        "asks for an executable stack"),
    "textrel": _flag(lambda facts: facts.textrel, "has text relocations"),
    "stack-protector": _hardened(
        lambda facts: "__stack_chk_fail" not in facts.undefined,
        "not compiled with -fstack-protector-strong"),
    "fortify": _hardened(
        lambda facts: not any(matches(name, ["__*_chk"])
                              for name in facts.undefined),
        "not compiled with -D_FORTIFY_SOURCE"),
    "shadow-stack": _hardened(
        lambda facts: facts.machine == "EM_X86_64" and not facts.shstk,
        "not marked as fit for a shadow stack"),
}


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
    # Not the end of a longer path, as $(x)/install is, nor a longer name.
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
        yield f"no plain dict literal: {exc}"
        return
    for name, value in values.items():
        text = str(value)
        # In the file, long strings are in pieces and bytes escaped.
        for needle in limits.expected.forbidden:
            if needle in text.encode(errors="surrogateescape"):
                yield f"{name} has {_printable(needle)}"
        for word in re.split(r"[\s'\"=]+", text):
            if matches(word, limits.policy.toolchain_words):
                yield f"{name} has {word}"
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
    raise ValueError("build_time_vars is not there")


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
        elif (_leaves(dirname(path), target)
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
            yield path, f"{text}: neither file, directory nor link"
        if mode & (stat.S_ISUID | stat.S_ISGID):
            yield path, f"{text}: setuid or setgid"
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield path, f"{text}: others than the owner can write"
        if dirname(path) == "bin" and mode & 0o111 != 0o111:
            yield path, f"{text}: not executable by all"


def _modules(tree: Tree, limits: Limits) -> Iterator[Broken]:
    dynload = f"lib/python{limits.expected.python}*/lib-dynload"
    builtin = {name for path, facts in tree.facts.items()
               if not matches(path, [f"{dynload}/*"])
               for name in facts.inits}
    for module, kind in limits.expected.modules.items():
        init = f"PyInit_{module}"
        if kind == "builtin":
            if init not in builtin:
                yield "lib", f"built-in {module}: no {init} anywhere"
            continue
        pattern = f"{dynload}/{module}.*.so"
        files = [path for path in tree.facts if matches(path, [pattern])]
        if not files:
            yield pattern, "is missing"
        for path in files:
            if init not in tree.facts[path].exported:
                yield path, f"does not export {init}"


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


def _leaves(directory: str, target: str) -> bool:
    """Does *target*, relative to *directory* of the tree, leave it?"""
    return normpath(join(directory, target)).split("/")[0] == ".."


TREE_RULES: Mapping[str, TreeRule] = {
    "links": _links,
    "modes": _modes,
    "modules": _modules,
    "owners": _owners,
    "present": _present,
}
