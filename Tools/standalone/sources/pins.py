"""Read pins.toml, the list of pinned sources."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from standalone.core.errors import UsageError
from standalone.core.layout import TOOLS
from standalone.core.model import Patch, PatchSeries, Pin, SourceFile

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

    Raises UsageError if that version is not pinned, or has patches: what
    applies them comes with the packages that CPython's pip installs.
    """
    entry = _table()["cpython"]
    for release in entry["releases"]:
        if release["version"] == version:
            if "patches" in {**entry, **release}:
                raise UsageError(
                    "pins.toml has patches for CPython",
                    hint="add an [[edit]] to cpython/overlay.toml instead")
            return _pin("cpython", {**entry, **release})
    raise UsageError(f"CPython {version} is not pinned",
                     hint=f"pinned versions: {', '.join(cpython_versions())}")


def series(name: str, version: str) -> str:
    """Return the series that a pin must stay in, such as "3.5".

    It is empty if all newer versions will do.  *version* is the pinned
    one.
    """
    if name == "cpython":
        return ".".join(version.split(".")[:2])
    return str(_table()[name].get("series", ""))


def repository(name: str) -> str | None:
    """Return the URL of upstream's git repository, if there is one."""
    found: str | None = _table()[name].get("repository")
    return found


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
               entry.get("tool", False),
               tuple(_series(series, expand)
                     for series in entry.get("patches", ())))


def _series(entry: Mapping[str, Any],
            expand: Callable[[str], str]) -> PatchSeries:
    if "file" in entry:              # one of ours
        return PatchSeries((_patch(entry["file"], entry),))
    return PatchSeries(
        tuple(_patch(member["name"], member) for member in entry["members"]),
        SourceFile(entry["sha256"], tuple(map(expand, entry["locations"]))),
        entry.get("series", ""), tuple(entry.get("omit", ())))


def _patch(name: str, entry: Mapping[str, Any]) -> Patch:
    return Patch(name, entry["sha256"], tuple(entry.get("fixes", ())))
