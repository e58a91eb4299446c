"""Read which sources a Debian archive has, from its signed indices.

An index is believed only if InRelease has the signature of a key that this
machine trusts, and Sources the hash that InRelease lists.  What was read is
kept by that hash, so an index that has not changed is not downloaded again.
https://wiki.debian.org/DebianRepository/Format
"""

import contextlib
import email.utils
import itertools
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Timer

from standalone.core import stamp
from standalone.core.errors import FetchError
from standalone.sources import apt, signatures
from standalone.sources.download import Downloader, Unavailable

_SOURCES = "main/source/Sources.xz"
# What Debian's archive has besides the suites that apt uses.  "sid" is
# where new versions arrive first; only "stable" has some older series.
_ALSO = ("sid", "stable")
_ALSO_SECURITY = ("stable-security",)
_DEADLINE = 600.0      # seconds for all indices
_AT_ONCE = 3
_UNUSED = 30           # days after which an index in the cache is removed

Versions = Mapping[str, list[str]]


@dataclass(frozen=True)
class Index:
    """An index, with the versions of each source package.

    *problem* says why it could not be read, and *old* until when it was
    valid, if that is in the past.
    """

    base: str
    suite: str
    versions: Versions
    names: tuple[str, ...] = ()  # the suite's own: "stable", "trixie"
    date: float = 0.0            # seconds since the epoch
    old: str | None = None
    problem: str | None = None

    @property
    def url(self) -> str:
        """The URL of the suite."""
        return f"{self.base}/dists/{self.suite}"


def read(cache: Path, configuration: Path | None = None) -> list[Index]:
    """Return the indices of the archives that apt is configured for.

    Besides apt's suites, those of a Debian archive include Debian's
    newest.  *cache* is a directory for what was read; *configuration* is
    one to use instead of /etc/apt.  Raises FetchError if *cache* cannot
    be written.
    """
    configured = apt.suites(configuration)
    # Whether the archive must have the suite.
    wanted = dict.fromkeys(configured, True)
    for base in apt.archives(configuration):
        security = all(apt.is_security(suite)
                       for place, suite in configured if place == base)
        for suite in _ALSO_SECURITY if security else _ALSO:
            wanted.setdefault((base, suite), False)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        found = _read_all(cache, configuration, wanted)
        _tidy(cache)
    except OSError as exc:
        raise FetchError(f"cannot use {exc.filename or cache}: "
                         f"{exc.strerror}") from exc
    return _distinct(found)


def _distinct(found: Iterable[Index]) -> list[Index]:
    """Return the indices, but of those with the same names the newest."""
    distinct: dict[tuple[str, tuple[str, ...]], Index] = {}
    for index in found:
        key = index.base, index.names or (index.suite,)
        if key not in distinct or index.date > distinct[key].date:
            distinct[key] = index
    return list(distinct.values())


def _read_all(cache: Path, configuration: Path | None,
              wanted: Mapping[tuple[str, str], bool]) -> list[Index]:
    downloader = Downloader()
    timer = Timer(_DEADLINE, downloader.stop.set)
    timer.start()
    try:
        with (tempfile.TemporaryDirectory(dir=cache) as scratch,
              ThreadPoolExecutor(_AT_ONCE) as pool):
            reader = _Reader(cache, Path(scratch), configuration, downloader)
            try:
                found = [*pool.map(reader.read, wanted, wanted.values())]
                # A mirror may have an older "stable" than "trixie".
                more = {(index.base, index.names[-1]) for index in found
                        if index and index.names} - wanted.keys()
                found += pool.map(reader.read, sorted(more),
                                  itertools.repeat(False))
                return [index for index in found if index]
            finally:
                downloader.stop.set()
                downloader.progress.end()
    finally:
        timer.cancel()


def _tidy(cache: Path) -> None:
    """Remove what has not been used for a while, or was interrupted."""
    oldest = time.time() - _UNUSED * 24 * 3600
    for path in cache.iterdir():
        with contextlib.suppress(OSError):       # another process did
            if path.stat().st_mtime < oldest:
                if path.is_dir():
                    stamp.remove(path)
                else:
                    path.unlink()


@dataclass(frozen=True)
class _Reader:
    """Reader of indices; several threads share it."""

    cache: Path
    scratch: Path
    configuration: Path | None
    downloader: Downloader
    #: Hash → a lock, since two suites may have the same sources.
    locks: dict[str, Lock] = field(default_factory=dict)

    def read(self, place: tuple[str, str], expected: bool) -> Index | None:
        """Return the index of a base URL and a suite.

        Returns None if there is none and none was *expected*.
        """
        base, suite = place
        try:
            signed = self.downloader.ask(f"{base}/dists/{suite}/InRelease")
        except Unavailable as exc:
            if not expected and str(exc).startswith("HTTP 404"):
                return None
            return _problem(place, exc)
        try:
            release = _Release(self._verified(base, signed), suite)
            with self.locks.setdefault(release.sha256(_SOURCES), Lock()):
                versions = self._versions(base, suite, release)
        except Unavailable as exc:
            return _problem(place, exc)
        return Index(base, suite, versions, release.names,
                     release.time("Date"), release.expired())

    def _verified(self, base: str, signed: bytes) -> str:
        """Return the text of InRelease.  Raises Unavailable."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as home:
            return signatures.signed_text(signed, tuple(
                apt.keyrings(base, self.configuration)), Path(home))

    def _versions(self, base: str, suite: str,
                  release: "_Release") -> Versions:
        """Return the versions in Sources.  Raises Unavailable."""
        sha256 = release.sha256(_SOURCES)
        kept = self.cache / f"{sha256}.json"
        with contextlib.suppress(OSError, ValueError):
            found: Versions = json.loads(kept.read_text(encoding="utf-8"))
            os.utime(kept)
            return found
        folder = f"{base}/dists/{suite}"
        path = self.scratch / f"{sha256}.xz"
        if release.field("Acquire-By-Hash") == "yes":
            url = (f"{folder}/{_SOURCES.rpartition('/')[0]}/by-hash/SHA256/"
                   f"{sha256}")
        else:
            url = f"{folder}/{_SOURCES}"
        size = self.downloader.get(url, sha256, path)
        self.downloader.progress.done(
            f"{suite}: {size / 1e6:.1f} MB from {base}")
        found = _parse(path)
        path.unlink()
        stamp.write_atomic(kept, json.dumps(found))
        return found


def _problem(place: tuple[str, str], exc: Unavailable) -> Index:
    reason = str(exc)
    if reason == "interrupted":
        reason = f"not complete after {_DEADLINE:.0f} s"
    return Index(*place, {}, problem=reason)


def _parse(path: Path) -> Versions:
    """Return the versions of each package in a file Sources.xz.

    Raises Unavailable if the file is invalid.
    """
    try:
        import lzma
    except ImportError as exc:
        raise Unavailable("this Python has no module lzma") from exc
    found: dict[str, list[str]] = {}
    name = ""
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("Package: "):
                    name = line[9:].strip()
                elif line.startswith("Version: "):
                    found.setdefault(name, []).append(line[9:].strip())
    except (lzma.LZMAError, EOFError, ValueError) as exc:
        raise Unavailable(f"invalid {_SOURCES}: {exc}") from exc
    return found


class _Release:
    """The fields of a verified InRelease file, of the wanted suite."""

    def __init__(self, text: str, suite: str) -> None:
        self._text = text
        self.names = tuple(name for name in (
            self.field("Suite"), self.field("Codename")) if name)
        # Else somebody could offer an older distribution as a newer one.
        if suite not in self.names:
            raise Unavailable("InRelease is for another suite: "
                              f"{' '.join(self.names) or 'none'}")

    def field(self, name: str) -> str:
        """Return the value of a field of one line, or nothing."""
        found = re.search(rf"(?m)^{name}: *(.*?) *$", self._text)
        return found[1] if found else ""

    def sha256(self, name: str) -> str:
        """Return the hash of a file of the suite.  Raises Unavailable."""
        _, _, listed = self._text.partition("\nSHA256:")
        found = re.search(rf"(?m)^ ([0-9a-f]{{64}}) +\d+ {name}$", listed)
        if not found:
            raise Unavailable(f"InRelease does not list {name}")
        return found[1]

    def time(self, name: str) -> float:
        """Return the time in a field, in seconds since the epoch, or 0."""
        try:
            return email.utils.parsedate_to_datetime(
                self.field(name)).timestamp()
        except ValueError:                       # stable has no Valid-Until
            return 0.0

    def expired(self) -> str | None:
        """Return until when the index was valid, if that is in the past."""
        return (self.field("Valid-Until")
                if 0 < self.time("Valid-Until") < time.time() else None)
