"""Read pins.toml, the list of pinned sources."""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from standalone.core.errors import UsageError
from standalone.core.layout import TOOLS
from standalone.core.model import Pin, SourceFile

PINS = TOOLS / "sources" / "pins.toml"


def load() -> dict[str, Pin]:
    """Return every pinned dependency, by the name of its recipe."""
    return {name: _pin(name, entry) for name, entry in _table().items()
            if name != "cpython"}


def cpython_versions() -> tuple[str, ...]:
    """Return the pinned versions of CPython, the newest first."""
    return tuple(release["version"]
                 for release in _table()["cpython"]["releases"])


def default_versions() -> tuple[str, ...]:
    """Return the versions to build by default, the preferred one first."""
    return tuple(_table()["cpython"]["default"])


def cpython_pin(version: str) -> Pin:
    """Return the pin of CPython *version*.

    Raises UsageError if that version is not pinned.
    """
    entry = _table()["cpython"]
    for release in entry["releases"]:
        if release["version"] == version:
            return _pin("cpython", {**entry, **release})
    raise UsageError(f"CPython {version} is not pinned",
                     hint=f"pinned versions: {', '.join(cpython_versions())}")


@cache
def _table() -> dict[str, Any]:
    with PINS.open("rb") as file:
        return tomllib.load(file)


def _pin(name: str, entry: Mapping[str, Any]) -> Pin:
    version = entry["version"]

    def expand(text: str) -> str:
        return text.replace("{version}", version)

    files = tuple(
        SourceFile(file["sha256"], tuple(map(expand, file["locations"])))
        for file in entry["files"])
    return Pin(name, version, entry["licence"], files,
               tuple(map(expand, entry["licence_files"])),
               expand(entry["cpe"]) if "cpe" in entry else None,
               entry.get("tool", False))
