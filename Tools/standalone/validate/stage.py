"""Stage: check a relocated tree against the policy.

    tree/install, unstripped  →  validate/libc, which C library it needs

The stage reads the unstripped tree, because the symbol table shows which
modules are built in.  It does not change the tree.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from standalone.core import stamp
from standalone.core.errors import ValidationError
from standalone.core.layout import ROOT, Layout, cache_dir
from standalone.core.model import Finding, Recipe
from standalone.cpython import api, modules
from standalone.formats import ar, elf
from standalone.formats.elf import Facts
from standalone.formats.tree import InstalledTree
from standalone.sources.version import feature_version, is_in
from standalone.validate import policy
from standalone.validate.elf_rules import ELF_RULES
from standalone.validate.limits import Expectations, Limits
from standalone.validate.policy import Policy, RuleException, matches
from standalone.validate.rules import FILE_RULES, TREE_RULES, Tree

if TYPE_CHECKING:
    from standalone.request import Config

__all__ = ["Expectations", "check", "run", "validate"]

T = TypeVar("T")


def run(config: Config, wanted: str) -> None:
    """Validate the tree of a build.

    Raises ValidationError if there are findings.
    """
    layout = config.layout
    tree, source = layout.stage("tree"), layout.stage("source")
    include = InstalledTree(tree / "install").include
    macros = api.macros_here(layout.toolchain / "bin/cc", [include])
    places = modules.expected(source, gpl=config.gpl)
    with stamp.output_dir(layout.stage("validate"), wanted) as out:
        validate(tree / "install", policy.load(), Expectations(
            platform=config.platform,
            python=".".join(map(str, config.minor)),
            forbidden=_forbidden(layout, config.pristine), modules=places,
            components=frozenset(
                path.name for path in (tree / "licenses").iterdir()),
            declared=api.declared_in(include),
            stable_abi=api.stable(
                source / "Misc/stable_abi.toml", macros)),
            dict(_libraries(layout, config.recipes)))
        (out / layout.libc.name).write_text(
            config.platform.libc.needed(_versions(tree / "install")))


def _libraries(layout: Layout, recipes: Mapping[str, Recipe],
               ) -> Iterator[tuple[str, Path]]:
    """Yield the static libraries that only the full archive contains.

    Each is a pair of its path in the archive and the file.
    """
    build = layout.stage("build")
    for path in build.rglob("*.a"):
        if not path.name.startswith("libpython"):
            yield f"build/{path.relative_to(build)}", path
    directories = {layout.dep(name) / "lib": recipe.archives
                   for name, recipe in recipes.items()}
    directories[layout.toolchain / "sysroot/usr/local/lib"] = (
        "libcompat.a",)
    for directory, names in directories.items():
        for name in names:
            yield f"build/lib/{name}", directory / name


def _forbidden(layout: Layout, pristine: Path) -> tuple[bytes, ...]:
    """Return the paths of this machine that no shipped file may contain.

    Each ends with a slash, because "/root" also matches "</root>" in XML.
    """
    paths = {layout.work, layout.out, pristine, cache_dir(), ROOT,
             Path.home()}
    return tuple(sorted(
        f"{path}/".encode() for path in paths
        if len(path.parts) > 1 and paths.isdisjoint(path.parents)))


def _versions(tree: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the family and number of each version that *tree* needs."""
    for path in sorted(tree.rglob("*")):
        if (path.is_file() and not path.is_symlink()
                and (facts := elf.read(path))):
            for version in facts.versions:
                yield version.family, version.number


def validate(tree: Path, policy: Policy, expected: Expectations,
             libraries: Mapping[str, Path] = {}) -> None:
    """Print all findings; raise ValidationError if there are any.

    The parameters are those of `check`.
    """
    findings = check(tree, policy, expected, libraries)
    for finding in findings:
        print(finding)
    if findings:
        count = len(findings)
        raise ValidationError(
            f"{count} finding{'s' * (count > 1)} in {tree}",
            hint="policy.toml has the limits and the exceptions")


def check(tree: Path, policy: Policy, expected: Expectations,
          libraries: Mapping[str, Path] = {}) -> list[Finding]:
    """Return all findings, sorted, without those that the policy excepts.

    *libraries* maps paths in the full archive to static libraries that
    are not in the tree.
    """
    limits = Limits(policy, expected)
    modes = dict(_walk(tree))
    facts: dict[str, Facts] = {}
    found: list[Finding] = []
    for path, mode in modes.items():
        if stat.S_ISREG(mode):
            found += _file(path, tree / path, limits, facts)
    whole = Tree(tree, modes, facts)
    for path, library in libraries.items():
        found += _file(path, library, limits, {})
    found += [Finding(path, name, detail)
              for name, rule in TREE_RULES.items()
              for path, detail in rule(whole, limits)]
    version = feature_version(expected.python)
    return sorted(_except(found, tuple(
        exception for exception in policy.exceptions
        if is_in(version, exception.python))), key=astuple)


def _file(path: str, file: Path, limits: Limits,
          facts: dict[str, Facts]) -> Iterator[Finding]:
    """Yield the findings in one file.

    Add the facts about an ELF file to *facts*.
    """
    data = file.read_bytes()
    yield from _apply(FILE_RULES, path, data, limits)
    try:
        if known := elf.parse(data, path):
            facts[path] = known
            yield from _apply(ELF_RULES, path, known, limits)
        elif data.startswith(ar.MAGIC):
            yield from _members(path, data, limits)
    except (ValidationError, ValueError) as exc:
        yield Finding(path, "elf", str(exc))


def _members(path: str, data: bytes, limits: Limits) -> Iterator[Finding]:
    """Yield the findings in the objects of a static library."""
    for member in ar.members(data):
        name = f"{path}({member.name})"
        known = elf.parse(data[member.start:member.end], name,
                          notes=True)
        if known:
            yield from _apply(ELF_RULES, name, known, limits)


def _apply(rules: Mapping[str, Callable[[str, T, Limits], Iterator[str]]],
           path: str, of: T, limits: Limits) -> Iterator[Finding]:
    for name, rule in rules.items():
        for detail in rule(path, of, limits):
            yield Finding(path, name, detail)


def _walk(tree: Path) -> Iterator[tuple[str, int]]:
    for directory, subdirectories, files in os.walk(tree):
        subdirectories.sort()
        for name in sorted(subdirectories + files):
            path = Path(directory, name)
            yield path.relative_to(tree).as_posix(), path.lstat().st_mode


def _except(findings: list[Finding],
            exceptions: tuple[RuleException, ...]) -> Iterator[Finding]:
    idle = set(exceptions)
    for finding in findings:
        excuses = {exception for exception in exceptions
                   if exception.rule == finding.rule
                   and matches(finding.path, [exception.path])}
        idle -= excuses
        if not excuses:
            yield finding
    for exception in idle:
        yield Finding(exception.path, "exceptions",
                      f"stale: matches no finding of {exception.rule}")
