"""Read a published build: a directory with SHA256SUMS and SBOMs.

Archives may be missing; the hashes of all files present are verified.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from standalone.core import stamp
from standalone.core.errors import FetchError, UsageError
from standalone.documents.sbom import APPLIED, SUFFIX as SBOM
from standalone.formats import checksums, names
from standalone.formats.names import BuildName

_PUBLISHED = "make standalone writes it, and it is published with the archives"


@dataclass(frozen=True)
class Package:
    """A package of an SBOM; *sha256* is that of its source, or empty.

    *patches* are those that were applied to the source.
    """

    version: str
    sha256: str
    licence: str
    patches: Mapping[str, str] = field(default_factory=dict)  # name → hash


@dataclass(frozen=True)
class Release:
    """A published build; the names of all its files start with *name*."""

    directory: Path
    name: BuildName
    sums: Mapping[str, str]      # of its files: name → hash

    def archives(self) -> dict[str, list[str]]:
        """Return the names of the archives by kind, also of missing ones.

        For example ``{"full": ["...-full.tar.zst"], ...}``.
        """
        found: dict[str, list[str]] = {}
        for archive in names.archives(sorted(self.sums)):
            found.setdefault(archive.kind, []).append(str(archive))
        return found

    def components(self) -> dict[str, Package]:
        """Return the components in the SBOMs of all archives, by id."""
        return {name: component for sbom in sorted(self.sums)
                if sbom.endswith(SBOM)
                for name, component in components(
                    self.directory / sbom).items()}


def release(directory: Path, name: BuildName, build: int | None = None,
            ) -> Release:
    """Return the newest build in *directory*, or the one numbered *build*.

    *name* is the `Config.name` of the build, without its number.  Raises
    UsageError if there is no such build or it has no SBOM, and FetchError
    if the hash of a file differs from that in SHA256SUMS.
    """
    name = replace(name, build=1)
    builds: dict[BuildName, dict[str, str]] = {}
    for file, sha256 in sums(directory).items():
        if of := names.build_of(file):
            builds.setdefault(of, {})[file] = sha256
    numbers = [found.build for found in builds
               if replace(found, build=1) == name
               and build in (None, found.build)]
    if not numbers:
        there = {str(replace(found, build=1)) for found in builds}
        raise UsageError(
            f"{directory} has no {name}, but "
            + (", ".join(sorted(there)) or "no archive"),
            hint="the base must have the same CPython version, target and "
            "options: choose those or another directory")
    newest = replace(name, build=max(numbers))
    files = builds[newest]
    _verify(directory, files)
    if not any(file.endswith(SBOM) for file in files):
        raise UsageError(f"{directory} has no SBOM of {name}: *{SBOM}",
                         hint=_PUBLISHED)
    return Release(directory, newest, files)


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


def components(sbom: Path) -> dict[str, Package]:
    """Return the packages of an SPDX document, by their ids.

    Patches are not packages here, but part of those they were applied to.
    Components of CPython and pip are ``cpython-expat``, ``pip-idna``.
    Raises UsageError if *sbom* is not an SPDX document.

    https://spdx.github.io/spdx-spec/v2.3/package-information/
    """
    try:
        document = json.loads(sbom.read_text("utf-8"))
        packages = {package["SPDXID"]: package
                    for package in document["packages"]}
        applied = {entry["spdxElementId"]: entry["relatedSpdxElement"]
                   for entry in document.get("relationships", ())
                   if entry["relationshipType"] == APPLIED}
        # Names are not unique: there can be expat and CPython's expat.
        return {name.removeprefix("SPDXRef-PACKAGE-"): _component(package, [
                    packages[patch] for patch, changed in applied.items()
                    if changed == name])
                for name, package in packages.items() if name not in applied}
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UsageError(f"{sbom} is not an SPDX document in JSON: "
                         f"{type(exc).__name__}: {exc}") from exc


def _component(package: Mapping[str, Any],
               patches: Iterable[Mapping[str, Any]]) -> Package:
    return Package(
        package.get("versionInfo", ""), _sha256(package), package.get(
            "licenseConcluded", package.get("licenseDeclared", "")),
        {patch["name"]: _sha256(patch) for patch in patches})


def _sha256(package: Mapping[str, Any]) -> str:
    sums = {entry["algorithm"]: entry["checksumValue"]
            for entry in package.get("checksums", ())}
    return str(sums.get("SHA256", ""))
