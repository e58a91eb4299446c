"""`make standalone-respin`: repeat a published build with newer pins.

A respin has the same CPython and target, and fixes a dependency.  The names
of the new archives contain the number of the build.  A JSON file next to
them lists the differences from the base: components, and files by archive.
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
from standalone.release.published import Package, Release
from standalone.request import Config
from standalone.sources import pins

#: The version of the format of the JSON file.
SCHEMA_VERSION = "1.1"

_CPYTHON = "cpython"             # in an SBOM
_A_RELEASE = "that is a release, not a respin: make standalone"


def respin(config: Config, base: str, cves: str) -> None:
    """Repeat the build in *base*; write and print the differences.

    *cves* are the CVE ids to record.  Raises UsageError or FetchError if
    *base* is unsuitable, if CPython changed, or if nothing changed.
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
            raise UsageError(f"CVES: {identifier} is not a CVE id",
                             hint='for example CVES="CVE-2025-31115"')
    return sorted(ids)


def _directory(base: str) -> Path:
    if not base:
        raise UsageError("BASE is required", hint=(
            "BASE=DIR: the archives that were published, with what lay "
            "with them"))
    directory = Path(base)
    published.sums(directory)
    return directory


def _number(config: Config, before: Release) -> int:
    """Return the number of the new build; by default the next one."""
    last = before.name.build
    if 1 < config.build <= last:
        raise UsageError(f"BUILD={config.build}, but {before.directory} "
                         f"has build {last} already")
    return max(config.build, last + 1)


def _refuse(config: Config, before: Release) -> None:
    """Raise UsageError if the pins already show that a respin fails."""
    known = {name: component for name, component
             in before.components().items() if component.sha256}
    if config.is_pinned and _differs(known, pins.cpython_pin(
            config.version)):
        raise UsageError(f"CPython {config.version} differs from the one "
                         f"that {before.name} was built from",
                         hint=_A_RELEASE)
    if known and not any(_differs(known, pin)
                         for pin in config.wanted):
        raise _unchanged(before)


def _differs(known: Mapping[str, Package], pin: Pin) -> bool:
    """Return whether the base was built from another source than *pin*.

    Patches are part of the source.
    """
    made = known.get(pin.name)
    patches = {patch.name: patch.sha256
               for series in pin.patches for patch in series.patches}
    return made is not None and (made.patches != patches or made.sha256 not in
                                 {file.sha256 for file in pin.files})


def _unchanged(before: Release) -> UsageError:
    return UsageError(
        f"nothing to respin: all components are the same as in {before.name}",
        hint="change version, sha256 and locations, or patches, in pins.toml "
        "first")


def _changes(before: Release, after: Release) -> dict[str, Any]:
    """Return the differences as a JSON document.

    Raises UsageError if CPython differs, or if nothing does.
    """
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


def _components(before: Mapping[str, Package],
                after: Mapping[str, Package]) -> list[dict[str, Any]]:
    """Return the components that differ; None stands for a missing one."""
    return [{"name": name, "from": _facts(before.get(name)),
             "to": _facts(after.get(name))}
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)]


def _facts(component: Package | None) -> dict[str, Any] | None:
    return asdict(component) if component else None


def _files(before: Release, base: list[str], after: Release,
           names: list[str]) -> dict[str, list[str]] | None:
    """Return the differences between archives of one kind.

    Return None if the archives of the base are missing.
    """
    # Only now: it needs the packages that the build has made importable.
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
    """Write the document and add it to SHA256SUMS; return its path."""
    path = after.directory / f"{after.name.stem(CHANGES)}.json"
    stamp.write_atomic(path, json.dumps(changes, indent=2, sort_keys=True)
                       + "\n")
    sums = published.sums(after.directory)
    sums[path.name] = stamp.file_sha256(path)
    stamp.write_atomic(after.directory / checksums.FILE,
                       checksums.text(sums))
    return path


def describe(changes: Mapping[str, Any]) -> str:
    """Return the document as text, without a final newline."""
    return "\n".join(_lines(changes))


def _lines(changes: Mapping[str, Any]) -> Iterator[str]:
    yield f"{changes['name']} instead of {changes['base']['name']}"
    for entry in changes["components"]:
        old, new = (entry[key] and entry[key]["version"]
                    for key in ("from", "to"))
        what = (f"{old} -> {new}" if old and new else
                f"{new}, new" if new else f"{old}, no longer there")
        yield f"  {entry['name']}: {what}"
        yield from _changed_patches(entry)
    if changes["cves"]:
        yield f"  for {', '.join(changes['cves'])}"
    for kind, files in changes["files"].items():
        yield f"  {kind}: " + ", ".join(
            f"{len(names)} {what}" for what, names in sorted(files.items()))


def _changed_patches(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each patch of a component that differs."""
    old, new = ((entry[key] or {}).get("patches", {})
                for key in ("from", "to"))
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) != new.get(name):
            yield f"    {name}: " + (
                "no longer applied" if name not in new else
                "changed" if name in old else "applied")
