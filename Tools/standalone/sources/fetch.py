"""Fetch sources: pins -> verified files in the cache.

A file is taken from the cache, from the directory that the user provides
(SOURCES=DIR) or from the first location where it has the pinned hash.
Files with another hash are rejected.  Builds that share the cache wait
for each other.  Wheels are downloaded by pip, which knows the index that
the user has configured.
"""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from standalone.core.errors import BuildError, FetchError, UsageError
from standalone.core.model import Pin, SourceFile, file_name
from standalone.core.stamp import file_sha256
from standalone.sources import apt, host
from standalone.sources.download import Downloader, Unavailable, partial_of

_AT_ONCE = 6


def cached(pin: Pin, downloads: Path) -> Path | None:
    """Return the pin's file in the cache, or None if it is not there.

    The file's hash is checked.
    """
    for file in pin.files:
        path = _place(file, downloads)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if file_sha256(path) == file.sha256:
                return path
    return None


def fetch(pins: Iterable[Pin], downloads: Path, sources: Path | None = None,
          *, tree: Path | None = None,
          apt_configuration: Path | None = None) -> dict[str, Path]:
    """Fetch the files of *pins* into *downloads*; return name → path.

    That includes archives of patches, by the names that `Pin.parts` gives.
    *sources* is a directory to look for them first.  *tree* is a CPython
    source tree whose bundled pip downloads wheels.  *apt_configuration*
    is a directory to use instead of /etc/apt.

    Raises FetchError, which lists every location that was tried and why
    it failed, and UsageError if *sources* is not a directory.
    """
    if sources and not sources.is_dir():
        raise UsageError(f"SOURCES={sources} is not a directory")
    found: dict[str, Path] = {}
    wanted: list[Pin] = []
    try:
        downloads.mkdir(parents=True, exist_ok=True)
        for pin in (part for each in pins for part in each.parts()):
            if path := cached(pin, downloads):
                found[pin.name] = path
            else:
                wanted.append(pin)
        results = _obtain_all(_Run(
            downloads, _offered(wanted, sources), tree,
            apt.archives(apt_configuration) if wanted else (),
            Downloader()), wanted)
    except OSError as exc:
        raise FetchError(f"cannot fetch into {downloads}: "
                         f"{exc.strerror}") from exc
    missing: dict[Pin, list[str]] = {}
    for pin, result in zip(wanted, results, strict=True):
        if isinstance(result, Path):
            found[pin.name] = result
        else:
            missing[pin] = result
    if missing:
        raise _error(missing)
    return found


def _error(missing: Mapping[Pin, list[str]]) -> FetchError:
    lines = [f"cannot fetch {', '.join(map(_title, missing))}"]
    files = []
    for pin, reasons in missing.items():
        lines += [f"  {_title(pin)}", *(f"    {why}" for why in reasons)]
        files.append("\n  or ".join(
            f"{file.name}  sha256 {file.sha256}" for file in pin.files))
    return FetchError("\n".join(lines), hint=(
        "put these files into a directory and pass it as SOURCES=DIR:\n  "
        + "\n  ".join(files)))


def _title(pin: Pin) -> str:
    return f"{pin.name} {pin.version}"


def _place(file: SourceFile, downloads: Path) -> Path:
    """Return the path of *file* in the cache.

    The path contains the hash because two pins may have files of the
    same name.
    """
    return downloads / f"{file.sha256[:12]}-{file.name}"


def _offered(pins: Iterable[Pin], sources: Path | None) -> dict[str, Path]:
    """Return the pins' files that are below *sources*, by hash.

    Files may have any name; those with the expected name are hashed
    first.
    """
    left = {file.sha256: pin for pin in pins for file in pin.files}
    names = {file_name(location) for pin in left.values()
             for file in pin.files for location in file.locations}
    found: dict[str, Path] = {}
    for path in sorted(sources.rglob("*") if sources else (),
                       key=lambda path: (path.name not in names, path)):
        if not left:
            break
        if path.is_file():
            digest = file_sha256(path)
            if pin := left.get(digest):
                found[digest] = path
                left = {sha256: other for sha256, other in left.items()
                        if other is not pin}
    return found


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Lock *place* for writing; the lock ends with the process."""
    with place.with_name(f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class _Run:
    """State shared by the threads of one call of fetch()."""

    downloads: Path
    offered: Mapping[str, Path]
    tree: Path | None
    archives: tuple[str, ...]
    downloader: Downloader

    def obtain(self, pin: Pin) -> Path | list[str]:
        """Return the pin's file in the cache, or each location's error."""
        for file in pin.files:
            if path := self.offered.get(file.sha256):
                place = _place(file, self.downloads)
                with _locked(place):
                    shutil.copyfile(path, partial_of(place))
                    partial_of(place).replace(place)
                self.downloader.progress.done(f"{_title(pin)}: {path}")
                return place
        reasons: list[str] = []
        for file in pin.files:
            place = _place(file, self.downloads)
            with _locked(place):
                if self.is_there(file, place):
                    return place
                for url in self.urls(file, reasons):
                    try:
                        size = self.get(url, file.sha256, place)
                    except Unavailable as exc:
                        reasons.append(f"{url}: {exc}")
                        continue
                    self.downloader.progress.done(
                        f"{_title(pin)}: {size / 1e6:.1f} MB from {url}")
                    return place
        return reasons

    def is_there(self, file: SourceFile, place: Path) -> bool:
        """Return whether *place* has *file*; remove a damaged one."""
        if not place.exists():
            return False
        digest = file_sha256(place)
        if digest != file.sha256:
            self.downloader.progress.say(
                f"warning: {place} is damaged, fetching it again: expected "
                f"sha256 {file.sha256}, got {digest}")
            place.unlink()
        return digest == file.sha256

    def urls(self, file: SourceFile, reasons: list[str]) -> Iterator[str]:
        """Yield the URLs of *file*; add unusable locations to *reasons*."""
        for location in file.locations:
            kind, _, path = location.partition(":")
            if kind != "debian":
                yield location
            elif self.archives:
                for base in self.archives:
                    yield f"{base}/{quote(path, safe='/+')}"
            else:
                reasons.append(f"{location}: no Debian archive in apt's "
                               "configuration")

    def get(self, url: str, sha256: str, place: Path) -> int:
        """Download *url* to *place* and return the size in bytes.

        Raises Unavailable if that fails or the hash is not *sha256*.
        """
        kind, _, wheel = url.partition(":")
        if kind != "package":
            return self.downloader.get(url, sha256, place)
        if self.tree is None:
            raise Unavailable("needs the pip that is bundled with CPython, "
                              "which has not been fetched yet")
        with tempfile.TemporaryDirectory(dir=self.downloads) as scratch:
            try:
                path = host.download_wheel(self.tree, wheel, Path(scratch))
            except BuildError as exc:
                raise Unavailable(exc.message) from exc
            if (digest := file_sha256(path)) != sha256:
                raise Unavailable(f"expected sha256 {sha256}, got {digest}")
            path.replace(place)
        return place.stat().st_size


def _obtain_all(run: _Run, pins: list[Pin]) -> list[Path | list[str]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            return list(pool.map(run.obtain, pins))
        finally:
            run.downloader.stop.set()
            run.downloader.progress.end()
