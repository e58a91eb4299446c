"""Write index.json, a list of the archives that uv can install.

    uv python install --python-downloads-json-url index.json 3.13

https://docs.astral.sh/uv/reference/environment/#uv_python_downloads_json_url
(the fields are defined in crates/uv-python/src/downloads.rs of uv)
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.formats import checksums

#: The URL of a release's files on python.org.
RELEASES = "https://www.python.org/ftp/python/{}/"

# Of each build one archive: uv knows a Python by version, platform and
# variant.  It has no word for lto, but need not know of it; what has more
# words in its name is something else than uv would take it for.
_ARCHIVE = re.compile(
    r"python-(?P<release>(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+))"
    r"(?P<prerelease>(?:a|b|rc)\d+)?(?:-(?P<build>\d+))?"
    r"-(?P<family>x86_64|aarch64)(?:_(?P<level>v[234]))?"
    r"-unknown-(?P<os>linux)-(?P<libc>gnu)(?:-(?P<variant>debug)|(?P<lto>-lto))?"
    r"-install_only_stripped\.tar\.gz")


def text(sums: Mapping[str, str], base_url: str = RELEASES) -> str:
    """Return the index of the archives in *sums*, file name → SHA-256.

    The files are below *base_url*, in which ``{}`` stands for the
    release, such as "3.13.15"; uv accepts no relative URL.  For several
    builds of the same Python, list only the newest, and prefer lto.
    """
    archives = sorted(filter(None, map(_ARCHIVE.fullmatch, sums)),
                      key=lambda found: (int(found["build"] or 1),
                                         bool(found["lto"])))
    entries = {_key(found): _entry(found, sums[found[0]], base_url)
               for found in archives}
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
    if not any(map(_ARCHIVE.fullmatch, sums)):
        raise UsageError(f"{out} has no archive that uv can install",
                         hint=hint)
    base = base_url or out.resolve().as_uri()
    return text(sums, base if base.endswith("/") else f"{base}/")


def _key(found: re.Match[str]) -> str:
    """Return the name that uv gives to the installation."""
    version = found["release"] + (found["prerelease"] or "")
    variant = f"+{found['variant']}" if found["variant"] else ""
    level = f"_{found['level']}" if found["level"] else ""
    return (f"cpython-{version}{variant}-{found['os']}-"
            f"{found['family']}{level}-{found['libc']}")


def _entry(found: re.Match[str], sha256: str,
           base_url: str) -> dict[str, object]:
    return {
        "name": "cpython",
        "arch": {"family": found["family"], "variant": found["level"]},
        "os": found["os"],
        "libc": found["libc"],
        "major": int(found["major"]),
        "minor": int(found["minor"]),
        "patch": int(found["patch"]),
        "prerelease": found["prerelease"] or "",
        "url": base_url.replace("{}", found["release"]) + found[0],
        "sha256": sha256,
        "variant": found["variant"],
        "build": found["build"],
    }
