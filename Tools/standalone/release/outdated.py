"""Compare what is pinned with what has been released since.

For each source and each Python package of the build: the newest version that
the Debian archive or pip knows, and the vulnerabilities of the pinned one
that OSV knows.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from standalone.core.model import Pin, file_name
from standalone.formats import debian_version
from standalone.release import osv
from standalone.sources import host, pins, pip_index, source_index
from standalone.sources.download import Downloader, Unavailable
from standalone.sources.source_index import Index

_PIPS_AT_ONCE = 4


@dataclass(frozen=True)
class Entry:
    """What is pinned, and what is known of it.

    *package* is the source package of Debian, or the project that pip
    knows.  *spelling* is the pinned version as Debian writes it.
    *newest* is None if nobody knows the package, and *vulnerabilities*
    if nobody was asked.
    """

    name: str
    pinned: str
    package: str
    query: osv.Query | None
    spelling: str = ""           # empty: a package of PyPI
    series: str = ""
    patched: frozenset[str] = frozenset()
    newest: str | None = None
    origin: str | None = None
    outdated: bool = False
    vulnerabilities: tuple[osv.Vulnerability, ...] | None = None

    @property
    def state(self) -> str:
        """How the pinned version compares: a word for users."""
        if self.newest is None:
            return "unknown"
        return "outdated" if self.outdated else "current"


@dataclass(frozen=True)
class Origin:
    """A source of knowledge, and what is wrong with it.

    *state* is "used", "old", "incomplete" or "unavailable".
    """

    name: str
    state: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.state}: {self.detail}"


@dataclass(frozen=True)
class Report:
    """The result: an entry for each pin, and whom we asked."""

    entries: tuple[Entry, ...]
    origins: tuple[Origin, ...]

    @property
    def vulnerable(self) -> bool:
        """Whether a pinned version has a known vulnerability."""
        return any(entry.vulnerabilities for entry in self.entries)


def report(cache: Path, osv_url: str = osv.URL,
           apt_configuration: Path | None = None) -> Report:
    """Return what is known of all pins.

    *cache* is a directory for the Debian archive's indices.  Raises
    UsageError if the URL of OSV is invalid.
    """
    url = osv.check_url(osv_url)
    entries = list(pinned())
    indices = source_index.read(cache, apt_configuration)
    entries, asked = _ask_pip([_in_debian(entry, indices)
                               for entry in entries])
    entries, answered = _ask_osv(entries, url)
    debian = [_origin(index) for index in indices] or [Origin(
        "Debian archive", "unavailable", "none in apt's configuration")]
    return Report(tuple(entries), (*debian, *asked, answered))


def pinned() -> Iterator[Entry]:
    """Yield all that pins.toml and requirements.txt pin."""
    for version in pins.cpython_versions():
        yield _of_pin(pins.cpython_pin(version))
    for pin in pins.load().values():
        yield _of_pin(pin)
    for name, version in re.findall(
            r"(?m)^([\w.-]+)==([^\s;]+)",
            host.REQUIREMENTS.read_text(encoding="utf-8")):
        yield Entry(name, version, name, osv.python_package(name, version))


def _of_pin(pin: Pin) -> Entry:
    locations = [location for file in pin.files
                 for location in file.locations]
    for location in locations:
        kind, _, path = location.partition(":")
        if kind == "package":
            project = path.partition("-")[0]
            return Entry(pin.name, pin.version, project,
                         osv.python_package(project, pin.version))
    repository = pins.repository(pin.name)
    query = osv.repository(repository, pin.version) if repository else None
    for location in locations:
        # pool/main/u/util-linux/util-linux_2.41.5.orig.tar.xz
        if location.startswith("debian:"):
            package = location.split("/")[-2]
            spelling = _spelling(file_name(location))
            break
    else:
        package, spelling = pin.name, pin.version
    return Entry(pin.name, pin.version, package, query, spelling,
                 pins.series(pin.name, pin.version),
                 frozenset(cve for series in pin.patches
                           for patch in series.patches
                           for cve in patch.fixes))


def _spelling(file: str) -> str:
    """Return upstream's version as Debian writes it in the name of a file.

    That is not always the one that upstream writes: 6.5+20250216.
    """
    version = file.split("_")[1]
    original, is_source, _ = version.partition(".orig.tar")
    # Of a binary package, the version ends with Debian's revision.
    return debian_version.upstream(original + "-0" * bool(is_source))


def _in_debian(entry: Entry, indices: Iterable[Index]) -> Entry:
    """Return *entry* with the newest version in the Debian archive."""
    if not entry.spelling:
        return entry
    found = [(debian_version.key(upstream), upstream, index.suite)
             for index in indices
             for version in index.versions.get(entry.package, ())
             if _is_in_series(upstream := debian_version.upstream(version),
                              entry.series)]
    if not found:
        return entry
    # The first of the suites that have it.
    key, upstream, _ = max(found, key=lambda item: item[0])
    suite = next(suite for _, other, suite in found if other == upstream)
    return replace(
        entry, newest=respelled(upstream, entry.spelling, entry.pinned),
        origin=suite, outdated=key > debian_version.key(entry.spelling))


def _is_in_series(version: str, series: str) -> bool:
    return not series or re.match(rf"{re.escape(series)}(?![0-9])",
                                  version) is not None


def respelled(new: str, spelling: str, pinned: str) -> str:
    """Return *new*, a version that Debian spells, as upstream spells it.

    Debian spells *pinned* as *spelling*: the same parts in another order,
    with other signs between them, or just the same.
    """
    plain = new.replace("~", "")
    parts, old = re.split("[-+]", plain), re.split("[-+]", spelling)
    wanted = re.split("([-+])", pinned)
    if len(parts) != len(old) or sorted(old) != sorted(wanted[::2]):
        return plain
    signs = [*wanted[1::2], ""]
    return "".join(parts[old.index(part)] + sign
                   for part, sign in zip(wanted[::2], signs, strict=True))


def _origin(index: Index) -> Origin:
    if index.problem:
        return Origin(index.url, "unavailable", index.problem)
    if index.old:
        return Origin(index.url, "old", f"valid until {index.old}")
    return Origin(index.url, "used")


def _ask_pip(entries: Sequence[Entry]) -> tuple[list[Entry], list[Origin]]:
    """Return the entries with the newest versions that pip finds."""
    projects = sorted({entry.package for entry in entries
                       if not entry.spelling})
    sys.stderr.write(f"fetch: versions of {len(projects)} Python packages "
                     "with pip\n")
    with ThreadPoolExecutor(_PIPS_AT_ONCE) as pool:
        found = dict(zip(projects, pool.map(_newest, projects), strict=True))
    result = []
    for entry in entries:
        answer = None if entry.spelling else found[entry.package]
        if isinstance(answer, str):
            entry = replace(
                entry, newest=answer, origin="pip",
                outdated=(debian_version.key(answer)
                          > debian_version.key(entry.pinned)))
        result.append(entry)
    return result, list(_pip_origins(found))


def _pip_origins(found: Mapping[str, str | Unavailable]) -> Iterator[Origin]:
    failed = {project: answer for project, answer in found.items()
              if isinstance(answer, Unavailable)}
    if failed and len(failed) == len(found):     # for the same reason
        reason = next(iter(failed.values()))
        yield Origin("pip", "unavailable", str(reason))
        return
    yield Origin("pip", "used")
    for project, answer in failed.items():
        yield Origin(f"pip: {project}", "unavailable", str(answer))


def _newest(project: str) -> str | Unavailable:
    try:
        return pip_index.newest(project)
    except Unavailable as exc:
        return exc


def _ask_osv(entries: Sequence[Entry],
             url: str) -> tuple[list[Entry], Origin]:
    """Return the entries with the vulnerabilities that OSV knows."""
    queries = [entry.query for entry in entries if entry.query]
    service = osv.Service(url, Downloader())
    try:
        found = iter(service.vulnerabilities(queries))
    except Unavailable as exc:
        return list(entries), Origin(url, "unavailable", str(exc))
    finally:
        service.downloader.progress.end()
    asked = [replace(entry, vulnerabilities=tuple(
                 vulnerability for vulnerability in next(found)
                 if not vulnerability.names & entry.patched))
             if entry.query else entry for entry in entries]
    return asked, Origin(url, "incomplete" if service.problems else "used",
                         "; ".join(service.problems))
