"""Write index.json, a list of the archives that uv can install.

    uv python install --python-downloads-json-url index.json 3.13

https://docs.astral.sh/uv/reference/environment/#uv_python_downloads_json_url
(the fields are defined in crates/uv-python/src/downloads.rs of uv)
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.platform import Platform
from standalone.formats import checksums, names
from standalone.formats.names import ArchiveName
from standalone.platforms.targets import PLATFORMS

#: The URL of a release's files on python.org.
RELEASES = "https://www.python.org/ftp/python/{}/"

# Of each build one archive.
_KIND, _COMPRESSION = "install_only_stripped", "gz"

# uv knows a Python by version, platform and variant: here is the variant of
# what has these marks in its name.  With other marks it is something else
# than uv would take it for.
_VARIANTS: Mapping[tuple[str, ...], str | None] = {
    (): None, ("debug",): "debug", ("freethreaded",): "freethreaded",
    ("freethreaded", "debug"): "freethreaded+debug"}
# uv has no words for these, but need not know of them: they are faster.
_FASTER = ("pgo", "lto")

# The version of a git checkout ends in "+" and does not match.
_VERSION = re.compile(r"(?P<release>(?P<major>\d+)\.(?P<minor>\d+)"
                      r"\.(?P<patch>\d+))(?P<prerelease>(?:a|b|rc)\d+)?")


@dataclass(frozen=True)
class _Download:
    name: ArchiveName
    version: re.Match[str]       # by _VERSION
    platform: Platform

    @property
    def variant(self) -> str | None:
        return _VARIANTS[_plain(self.name.of.marks)]


def _plain(marks: Iterable[str]) -> tuple[str, ...]:
    return tuple(mark for mark in marks if mark not in _FASTER)


def _downloads(files: Iterable[str]) -> list[_Download]:
    """Those of *files* that uv can install, the best of their build last."""
    found = [
        _Download(name, version, platform) for name in names.archives(files)
        if (name.kind, name.compression) == (_KIND, _COMPRESSION)
        and _plain(name.of.marks) in _VARIANTS
        and (version := _VERSION.fullmatch(name.of.version))
        and (platform := PLATFORMS.get(name.of.triple))]
    return sorted(found, key=lambda download: (
        download.name.of.build,
        *(mark in download.name.of.marks for mark in _FASTER)))


def text(sums: Mapping[str, str], base_url: str = RELEASES) -> str:
    """Return the index of the archives in *sums*, file name → SHA-256.

    The files are below *base_url*, in which ``{}`` stands for the
    release, such as "3.13.15"; uv accepts no relative URL.  For several
    builds of the same Python, list only the newest, and prefer pgo and lto.
    """
    entries = {_key(download): _entry(
                   download, sums[str(download.name)], base_url)
               for download in _downloads(sums)}
    return json.dumps(entries, indent=2, sort_keys=True) + "\n"


def of_directory(out: Path, base_url: str | None = None) -> str:
    """Return the index of the archives in *out*.

    URLs start with *base_url*, or are file URLs of *out*.  Raises
    UsageError if *out* has no archive that uv can install.
    """
    hint = "run make standalone, or name the directory with the archives"
    try:
        sums = {name: sha256 for name, sha256
                in checksums.read(out / checksums.FILE).items()
                if (out / name).exists()}
    except (OSError, ValueError) as exc:
        raise UsageError(f"no archives in {out}: cannot read its SHA256SUMS",
                         hint=hint) from exc
    if not _downloads(sums):
        raise UsageError(f"{out} has no archive that uv can install",
                         hint=hint)
    base = base_url or out.resolve().as_uri()
    return text(sums, base if base.endswith("/") else f"{base}/")


def _key(download: _Download) -> str:
    """Return the name that uv gives to the installation."""
    platform = download.platform
    variant = f"+{download.variant}" if download.variant else ""
    return (f"cpython-{download.version[0]}{variant}-{platform.system.name}-"
            f"{platform.arch.triple}-{platform.libc.name}")


def _entry(download: _Download, sha256: str,
           base_url: str) -> dict[str, object]:
    version, platform = download.version, download.platform
    build = download.name.of.build
    return {
        "name": "cpython",
        "arch": {"family": platform.arch.name,
                 "variant": platform.arch.variant or None},
        "os": platform.system.name,
        "libc": platform.libc.name,
        "major": int(version["major"]),
        "minor": int(version["minor"]),
        "patch": int(version["patch"]),
        "prerelease": version["prerelease"] or "",
        "url": (base_url.replace("{}", version["release"])
                + str(download.name)),
        "sha256": sha256,
        "variant": download.variant,
        "build": str(build) if build > 1 else None,
    }
