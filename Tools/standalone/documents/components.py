"""Describe components: the parts of an archive, with licence and origin."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

from standalone.core.model import Pin, SourceFile
from standalone.sources import pins

FILE = "components.json"
NOWHERE = "NOASSERTION"          # SPDX's value for missing information
_OURS = "Tools/standalone/recipes/patches"


@dataclass(frozen=True, order=True)
class AppliedPatch:
    """A patch that was applied to the source of a component.

    *origin* is a location of pins.toml with the path in that archive after
    a ``#``, or a path in this repository.
    """

    name: str
    sha256: str
    origin: str
    fixes: tuple[str, ...] = ()  # CVE ids


@dataclass(frozen=True, order=True)
class Component:
    """A part of the tree that has its own licence.

    *paths* are relative to the tree, or start with ``build/`` for the full
    archive; ``lib/debug`` stands for all debug information.
    """

    name: str                    # openssl, cpython/expat, pip/idna
    version: str                 # "" if it has none
    licence: str                 # an SPDX expression
    paths: tuple[str, ...]
    download: str = NOWHERE      # a URL
    sha256: str = ""             # hash of the download
    cpe: str = ""
    purl: str = ""
    origin: str = ""             # a location of pins.toml without URL
    patches: tuple[AppliedPatch, ...] = ()

    def is_in(self, contents: Mapping[str, object]) -> bool:
        """Return whether *contents* has any of the component's paths."""
        return any(f"{top}{path}" in contents for path in self.paths
                   for top in ("", "install/"))


#: The licence texts of each component, by file name.
Texts = dict[Component, dict[str, str]]


def save(path: Path, found: Iterable[Component]) -> None:
    """Write components as JSON, for `load`."""
    path.write_text(json.dumps([asdict(item) for item in found], indent=1)
                    + "\n", encoding="utf-8")


def load(path: Path) -> list[Component]:
    """Return the components that `save` wrote."""
    return [Component(**entry | {
        "paths": tuple(entry["paths"]), "patches": tuple(
            AppliedPatch(**patch | {"fixes": tuple(patch["fixes"])})
            for patch in entry["patches"])})
        for entry in json.loads(path.read_text(encoding="utf-8"))]


def fetched(directory: Path, pin: Pin) -> SourceFile:
    """Return which of the alternatives of *pin* was fetched.

    *directory* is `Layout.fetched`.
    """
    link = directory / pin.name
    name = link.readlink().name if link.is_symlink() else ""
    return next((file for file in pin.files
                 if name.startswith(file.sha256[:12])), pin.files[0])


def described(pin: Pin, file: SourceFile,
              paths: Iterable[str] = ()) -> Component:
    """Return the component of a pin, with the origin of *file*.

    https://github.com/package-url/purl-spec
    """
    first = file.locations[0]
    is_url = first.startswith("https:")
    version = quote(pin.version, safe="")
    return Component(
        pin.name, pin.version, pin.licence, tuple(paths),
        first if is_url else NOWHERE, file.sha256, pin.cpe or "",
        f"pkg:pypi/{pin.name}@{version}" if first.startswith("package:") else
        f"pkg:generic/{pin.name}@{version}?checksum=sha256:{file.sha256}",
        "" if is_url else first, tuple(_patches(pin)))


def _patches(pin: Pin) -> Iterator[AppliedPatch]:
    for series in pin.patches:
        for patch in series.patches:
            yield AppliedPatch(patch.name, patch.sha256, (
                f"{series.archive.locations[0]}#{series.path(patch.name)}"
                if series.archive else f"{_OURS}/{patch.name}"), patch.fixes)


def cpython(version: str, *, pinned: bool) -> Component:
    """Return the component for CPython itself.

    If it is not *pinned* but a tree of the user, its origin is unknown.
    """
    known = version if pinned else pins.cpython_versions()[0]
    pin = pins.cpython_pin(known)
    item = replace(described(pin, pin.files[0], ["lib"]), version=version)
    return item if pinned else replace(
        item, download=NOWHERE, sha256="",
        cpe=item.cpe.replace(f":{known}:", f":{version}:"),
        purl=f"pkg:generic/cpython@{quote(version, safe='')}")
