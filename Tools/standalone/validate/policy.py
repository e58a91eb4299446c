"""Read and check policy.toml, which says what a tree may contain."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from standalone.core.errors import UsageError
from standalone.core.layout import TOOLS
from standalone.formats.tree import UNIX

POLICY_TOML = TOOLS / "validate" / "policy.toml"


@dataclass(frozen=True)
class RuleException:
    """A rule that does not apply to the files of a path pattern.

    *python* are the versions that have the files: "<3.13".
    """

    rule: str
    path: str
    reason: str
    python: str = ""


@dataclass(frozen=True)
class Policy:
    """The contents of policy.toml, whose comments explain each field."""

    needed: tuple[str, ...]
    exported: tuple[str, ...]
    api: tuple[str, ...]
    hidden: tuple[str, ...]
    exports: Mapping[str, tuple[str, ...]]
    hardened: tuple[str, ...]
    interpreters: tuple[str, ...]
    placeholder: str
    present: tuple[str, ...]
    sysconfigdata: str
    toolchain_words: tuple[str, ...]
    tools: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, str]
    exceptions: tuple[RuleException, ...]


def matches(text: str, patterns: Iterable[str]) -> bool:
    """Return whether any of *patterns* matches; ``*`` also matches ``/``."""
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def load(path: Path = POLICY_TOML) -> Policy:
    """Return the policy in *path*.

    Raises UsageError if it is not TOML, or names the key if a key is
    unknown, missing or of the wrong type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"{path}: {exc}") from exc
    where = str(path)
    _check_keys(table, Policy, where)
    exceptions = []
    for number, item in enumerate(table["exceptions"], 1):
        place = f"{where}: exception {number}"
        _check_keys(item, RuleException, place)
        exceptions.append(RuleException(
            **{key: _text(value, f"{place}: {key}")
               for key, value in item.items()}))
    lists = {name: _texts(table[name], f"{where}: {name}")
             for name in ("needed", "exported", "api",
                          "hidden", "hardened", "interpreters", "present",
                          "toolchain_words")}
    return Policy(
        **lists,
        placeholder=_text(table["placeholder"], f"{where}: placeholder"),
        sysconfigdata=_text(table["sysconfigdata"],
                            f"{where}: sysconfigdata"),
        exports={_expanded(name, where):
                     _texts(value, f"{where}: exports.{name}")
                 for name, value in table["exports"].items()},
        tools={name: _texts(value, f"{where}: tools.{name}")
               for name, value in table["tools"].items()},
        owners={_expanded(name, where): _text(value, f"{where}: owners.{name}")
                for name, value in table["owners"].items()},
        exceptions=tuple(exceptions))


def _check_keys(table: Mapping[str, Any], cls: type, where: str) -> None:
    known = {field.name for field in fields(cls)}
    if unknown := sorted(table.keys() - known):
        raise UsageError(f"{where}: unknown key {unknown[0]}",
                         hint=f"known keys: {', '.join(sorted(known))}")
    needed = {field.name for field in fields(cls) if field.default is MISSING}
    if missing := sorted(needed - table.keys()):
        raise UsageError(f"{where}: key {missing[0]} is missing")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{where}: {value!r} is not a string")
    return _expanded(value, where)


def _expanded(text: str, where: str) -> str:
    """Replace {library} and the like in *text* by the tree's patterns."""
    known = UNIX.patterns()

    def pattern(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise UsageError(f"{where}: unknown place {found[0]}",
                             hint=f"known are {', '.join(sorted(known))}")
        return known[found[1]]

    return re.sub(r"\{(\w*)\}", pattern, text)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    # A string would be taken for a list of its characters.
    if not isinstance(value, list):
        raise UsageError(f"{where}: {value!r} is not a list")
    return tuple(_text(item, where) for item in value)
