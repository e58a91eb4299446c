"""Read a published build: a directory with SHA256SUMS and SBOMs.

Archives may be missing; the hashes of all files present are verified.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.core import stamp
from standalone.core.errors import FetchError, UsageError
from standalone.documents.sbom import SUFFIX as SBOM
from standalone.formats import checksums

_PUBLISHED = "make standalone writes it, and it is published with the archives"
# https://packaging.python.org/specifications/binary-distribution-format/
# has a build's number in the same place.
_NAME = re.compile(r"(python-\d+\.\d+\.\d+\w*)(?:-(\d+))?"
                   r"(-[a-z]\w*-\w+-linux-\w+(?:-[a-z]+)*)"
                   r"-([a-z_]+)\..+")


@dataclass(frozen=True)
class Component:
    """A package of an SBOM; *sha256* is that of its source, or empty."""

    version: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class Release:
    """A published build; the names of all its files start with *name*."""

    directory: Path
    name: str
    build: int                   # 1 has no number in its name
    sums: Mapping[str, str]      # of its files: name → hash

    def archives(self) -> dict[str, list[str]]:
        """Return the names of the archives by kind, also of missing ones.

        For example ``{"full": ["...-full.tar.zst"], ...}``.
        """
        found: dict[str, list[str]] = {}
        for name in sorted(self.sums):
            if name.endswith((".tar.gz", ".tar.zst")):
                kind = name.removeprefix(f"{self.name}-").partition(".")[0]
                found.setdefault(kind, []).append(name)
        return found

    def components(self) -> dict[str, Component]:
        """Return the components in the SBOMs of all archives, by id."""
        return {name: component for sbom in sorted(self.sums)
                if sbom.endswith(SBOM)
                for name, component in components(
                    self.directory / sbom).items()}


def release(directory: Path, name: str, build: int | None = None,
            ) -> Release:
    """Return the newest build in *directory*, or the one numbered *build*.

    *name* is the `Config.name` of the build, without its number.  Raises
    UsageError if there is no such build or it has no SBOM, and FetchError
    if the hash of a file differs from that in SHA256SUMS.
    """
    builds: dict[tuple[str, int], dict[str, str]] = {}
    for file, sha256 in sums(directory).items():
        if match := _NAME.fullmatch(file):
            number = int(match[2] or 1)
            builds.setdefault((match[1] + match[3], number), {})[
                file] = sha256
    numbers = [number for found, number in builds
               if found == name and build in (None, number)]
    if not numbers:
        there = ", ".join(sorted({found for found, _ in builds}))
        raise UsageError(
            f"{directory} has no {name}, but {there or 'no archive'}",
            hint="the base must have the same CPython version, target and "
            "options: choose those or another directory")
    number = max(numbers)
    files = builds[name, number]
    _verify(directory, files)
    if not any(file.endswith(SBOM) for file in files):
        raise UsageError(f"{directory} has no SBOM of {name}: *{SBOM}",
                         hint=_PUBLISHED)
    return Release(directory, tagged(name, number), number, files)


def tagged(name: str, build: int) -> str:
    """Return *name* with the number of the build after the version.

    The name of build 1 has no number.
    """
    if build == 1:
        return name
    _, version, rest = name.split("-", 2)
    return f"python-{version}-{build}-{rest}"


def sums(directory: Path) -> dict[str, str]:
    """Return the hashes in SHA256SUMS by file name.

    Raises UsageError if the file is missing or malformed.
    """
    path = directory / checksums.FILE
    try:
        return checksums.read(path)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}",
                         hint=_PUBLISHED) from exc
    except ValueError as exc:
        raise UsageError(f"{path} is not what sha256sum writes") from exc


def _verify(directory: Path, sums: Mapping[str, str]) -> None:
    for name, expected in sorted(sums.items()):
        path = directory / name
        if not path.exists():
            if name.endswith(SBOM):
                raise UsageError(f"{path} is missing", hint=_PUBLISHED)
        elif (digest := stamp.file_sha256(path)) != expected:
            raise FetchError(
                f"{path} is damaged or not what was published: "
                f"{checksums.FILE} says sha256 {expected}, it has {digest}")


def components(sbom: Path) -> dict[str, Component]:
    """Return the packages of an SPDX document, by their ids.

    Components of CPython and pip are ``cpython-expat``, ``pip-idna``.
    Raises UsageError if *sbom* is not an SPDX document.

    https://spdx.github.io/spdx-spec/v2.3/package-information/
    """
    try:
        packages = json.loads(sbom.read_text("utf-8"))["packages"]
        # Names are not unique: there can be expat and CPython's expat.
        return {package["SPDXID"].removeprefix("SPDXRef-PACKAGE-"):
                _component(package) for package in packages}
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UsageError(f"{sbom} is not an SPDX document in JSON: "
                         f"{type(exc).__name__}: {exc}") from exc


def _component(package: Mapping[str, Any]) -> Component:
    sums = {entry["algorithm"]: entry["checksumValue"]
            for entry in package.get("checksums", ())}
    return Component(
        package.get("versionInfo", ""),
        sums.get("SHA256", ""), package.get(
            "licenseConcluded", package.get("licenseDeclared", "")))
