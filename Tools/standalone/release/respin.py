"""`make standalone-respin`: a published build again, with newer pins.

The same CPython for the same target, because a dependency had a flaw.  The
new archives have the number of the build in their names, and beside them
lies what differs from the base: components, and files of each archive.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.model import Pin
from standalone.formats import checksums
from standalone.formats.names import CHANGES
from standalone.pipeline import driver
from standalone.release import published
from standalone.release.published import Component, Release
from standalone.request import Config
from standalone.sources import pins

#: Of the document that lies beside the archives.
SCHEMA_VERSION = "1.0"

_CPYTHON = "cpython"             # in an SBOM
_A_RELEASE = "that is a release, not a respin: make standalone"


def respin(config: Config, base: str, cves: str) -> None:
    """Build what the directory *base* has, number the result, write what
    changed, and print it.

    *cves* are ids, for the record.  Raises UsageError or FetchError for
    a base that cannot be one, if CPython changed, or if nothing did.
    """
    ids = _cves(cves)
    directory = _directory(base)
    with driver.lock(config.layout):
        driver.prepare(config)
    before = published.release(directory, config.name)
    config = replace(config, build=_number(config, before))
    _refuse(config, before)
    driver.build(config)
    with driver.lock(config.layout):
        after = published.release(config.layout.out, config.name,
                                  config.build)
        changes = {**_changes(before, after), "cves": ids,
                   "python_version": config.version,
                   "target_triple": config.target,
                   "build_options": config.options}
        path = _write(after, changes)
    print(f"\n{describe(changes)}\n{path}", flush=True)


def _cves(text: str) -> list[str]:
    ids = {*re.split(r"[\s,]+", text.strip())} - {""}
    for identifier in ids:
        if not re.fullmatch(r"CVE-\d{4}-\d{4,}", identifier):
            raise UsageError(f"CVES: {identifier} is no CVE id",
                             hint='for example CVES="CVE-2025-31115"')
    return sorted(ids)


def _directory(base: str) -> Path:
    if not base:
        raise UsageError("a respin of what?", hint=(
            "BASE=DIR: the archives that were published, with what lay "
            "beside them"))
    directory = Path(base)
    published.sums(directory)
    return directory


def _number(config: Config, before: Release) -> int:
    """The number of the new build; by default the next."""
    last = before.name.build
    if 1 < config.build <= last:
        raise UsageError(f"BUILD={config.build}, but {before.directory} "
                         f"has build {last} already")
    return max(config.build, last + 1)


def _refuse(config: Config, before: Release) -> None:
    """What can be known before anything is built."""
    known = {name: component.sha256 for name, component
             in before.components().items() if component.sha256}
    if config.is_pinned and _differs(known, pins.cpython_pin(
            config.version)):
        raise UsageError(f"CPython {config.version} is not the one that "
                         f"{before.name} was built from", hint=_A_RELEASE)
    if known and not any(_differs(known, pin)
                         for pin in config.wanted):
        raise _unchanged(before)


def _differs(known: Mapping[str, str], pin: Pin) -> bool:
    """Is the pin's source, if it is known, none of those pinned now?"""
    return pin.name in known and known[pin.name] not in {
        file.sha256 for file in pin.files}


def _unchanged(before: Release) -> UsageError:
    return UsageError(
        f"nothing to respin: all components are those of {before.name}",
        hint="change version, sha256 and locations in pins.toml first")


def _changes(before: Release, after: Release) -> dict[str, Any]:
    """What differs, as a document.  Raises UsageError if it is CPython,
    or nothing."""
    components = _components(before.components(), after.components())
    if not components:
        raise _unchanged(before)
    if any(entry["name"] == _CPYTHON for entry in components):
        raise UsageError(f"CPython is not the one of {before.name}",
                         hint=_A_RELEASE)
    base = before.archives()
    return {
        "schema_version": SCHEMA_VERSION,
        "base": {"name": str(before.name), "build": before.name.build},
        "name": str(after.name), "build": after.name.build,
        "components": components,
        "archives": [
            {"name": name, "sha256": after.sums[name]}
            for names in after.archives().values() for name in names],
        "files": {kind: files for kind, names in after.archives().items()
                  if (files := _files(before, base.get(kind, []),
                                      after, names))}}


def _components(before: Mapping[str, Component],
                after: Mapping[str, Component]) -> list[dict[str, Any]]:
    """Those that are not the same; null for one that was not there."""
    return [{"name": name, "from": _facts(before.get(name)),
             "to": _facts(after.get(name))}
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)]


def _facts(component: Component | None) -> dict[str, str] | None:
    return asdict(component) if component else None


def _files(before: Release, base: list[str], after: Release,
           names: list[str]) -> dict[str, list[str]] | None:
    """How the content of one kind of archive differs; None where the
    base's archives are not at hand."""
    from standalone.archives import compare
    there = [name for name in base if (before.directory / name).exists()]
    if not there:
        return None
    old = compare.listing(before.directory / there[0])
    new = compare.listing(after.directory / names[0])
    return {
        "changed": sorted(name for name in old
                          if name in new and old[name] != new[name]),
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys())}


def _write(after: Release, changes: Mapping[str, Any]) -> Path:
    """Write the document, and list it in SHA256SUMS."""
    path = after.directory / f"{after.name.stem(CHANGES)}.json"
    stamp.write_atomic(path, json.dumps(changes, indent=2, sort_keys=True)
                       + "\n")
    sums = published.sums(after.directory)
    sums[path.name] = stamp.file_sha256(path)
    stamp.write_atomic(after.directory / checksums.FILE,
                       checksums.text(sums))
    return path


def describe(changes: Mapping[str, Any]) -> str:
    """The document for people; it ends without a newline."""
    return "\n".join(_lines(changes))


def _lines(changes: Mapping[str, Any]) -> Iterator[str]:
    yield f"{changes['name']} instead of {changes['base']['name']}"
    for entry in changes["components"]:
        old, new = (entry[key] and entry[key]["version"]
                    for key in ("from", "to"))
        what = (f"{old} -> {new}" if old and new else
                f"{new}, new" if new else f"{old}, no longer there")
        yield f"  {entry['name']}: {what}"
    if changes["cves"]:
        yield f"  for {', '.join(changes['cves'])}"
    for kind, files in changes["files"].items():
        yield f"  {kind}: " + ", ".join(
            f"{len(names)} {what}" for what, names in sorted(files.items()))
