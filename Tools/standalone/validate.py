"""A relocated tree -> findings, none if it may be handed out.

Input: a directory with bin/, lib/, include/, share/, unstripped: stripped
of its symbols, a binary does not tell which modules are built in.  There
is no output: nothing is changed.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import TypeVar

from standalone import elf
from standalone.elf import Facts
from standalone.errors import ValidationError
from standalone.model import Finding
from standalone.policy import Policy, RuleException, matches
from standalone.rules import (
    ELF_RULES,
    FILE_RULES,
    TREE_RULES,
    Expectations,
    Limits,
    Tree,
)

__all__ = ["Expectations", "check", "validate"]

T = TypeVar("T")


def validate(tree: Path, policy: Policy, expected: Expectations) -> None:
    """Print all findings; raise ValidationError if there is one."""
    findings = check(tree, policy, expected)
    for finding in findings:
        print(finding)
    if findings:
        count = len(findings)
        raise ValidationError(
            f"{count} finding{'s' * (count > 1)} in {tree}",
            hint="the rules' limits and exceptions are in policy.toml")


def check(tree: Path, policy: Policy,
          expected: Expectations) -> list[Finding]:
    """All findings, sorted, without those that the policy excepts."""
    limits = Limits(policy, expected)
    modes = dict(_walk(tree))
    facts: dict[str, Facts] = {}
    found: list[Finding] = []
    for path, mode in modes.items():
        if stat.S_ISREG(mode):
            data = (tree / path).read_bytes()
            found += _apply(FILE_RULES, path, data, limits)
            try:
                known = elf.read(tree / path)
            except ValidationError as exc:
                found.append(Finding(path, "elf", exc.message))
                continue
            if known:
                facts[path] = known
                found += _apply(ELF_RULES, path, known, limits)
    whole = Tree(tree, modes, facts)
    found += [Finding(path, name, detail)
              for name, rule in TREE_RULES.items()
              for path, detail in rule(whole, limits)]
    return sorted(_except(found, policy.exceptions), key=astuple)


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
                      f"stale: excuses no finding of {exception.rule}")
