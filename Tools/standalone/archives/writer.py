"""Stage: finished directories → archives, what goes with them, SHA256SUMS.

An archive is a name and a list of mounts (mounts.py).  The bytes depend
on names, contents and executable bits alone: not on where the directories
lie, the order in which they are listed, owner, umask, locale or number of
cores, nor on the host's zlib: .gz is libdeflate's.
"""

import contextlib
import io
import os
import stat
import sys
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from standalone.archives.compression import compressor
from standalone.archives.mounts import Mount, members, portable
from standalone.core import stamp
from standalone.core.errors import BuildError, UsageError
from standalone.documents.python_json import TEST_EXTENSIONS, TEST_PACKAGES
from standalone.formats import checksums
from standalone.formats.names import ArchiveName, BuildName, is_of_one_build
from standalone.formats.tree import UNIX

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: What the name of a file is followed by in that of its signature.
SIGNATURES = (".asc", ".sigstore")

#: The kinds of archive, the compressions of each and their levels.  What
#: most people download gets the time that makes it 4% smaller; elsewhere
#: the next levels cost twice the time for a hundredth of the size.
KINDS: Mapping[str, Mapping[str, int]] = {
    "install_only": {"gz": 6, "zst": 9},
    "install_only_stripped": {"gz": 10, "zst": 9},
    "debuginfo": {"zst": 9},
    "tests": {"gz": 6, "zst": 9},
    "full": {"zst": 9},
}

#: What only those want who run CPython's own tests.
TESTS = (
    *(f"{UNIX.library}/{name.replace('.', '/')}" for name in TEST_PACKAGES),
    *(f"{UNIX.dynload}/{name}.*so" for name in TEST_EXTENSIONS),
)

#: What install_only leaves to the tests' archive and the full one.
NOT_INSTALLED = (
    UNIX.static_library,
    f"{UNIX.config_dir}/pkgconfig",
    *TESTS,
)


@dataclass(frozen=True)
class Spec:
    """An archive to write, once for each compression."""

    name: str                    # without .tar.gz
    mounts: tuple[Mount, ...]
    compressions: Mapping[str, int]      # and their levels

    @property
    def files(self) -> dict[str, int]:
        """File name → level of its compression."""
        return {f"{self.name}.tar.{compression}": level
                for compression, level in self.compressions.items()}


@dataclass(frozen=True)
class Archive:
    """A written archive; *size* in bytes."""

    path: Path
    size: int
    sha256: str


#: Of the archives just written, and the hashes of all in OUT by name,
#: what is to lie beside them: file name → text.
Companions = Callable[[Sequence[Archive], Mapping[str, str]],
                      Mapping[str, str]]

#: Writes an archive that is no tar.
Writer = Callable[[Path], None]


def file_names(name: BuildName) -> list[str]:
    """The archives of the build that has this name."""
    return [str(ArchiveName(name, kind, compression))
            for kind, compressions in KINDS.items()
            for compression in compressions]


def full_mounts(install: Path, build: Path,
                deps: Mapping[Path, Iterable[str]], licences: Path,
                leave: Iterable[str] = ()) -> tuple[Mount, ...]:
    """The full archive without PYTHON.json, which describes just this.

    *install* is the tree, *build* CPython's build directory without what
    the patterns *leave*, *deps* the prefixes of the dependencies and
    which of their libraries are linked.  libpython's is in the tree.
    """
    return (
        Mount(install, "install"),
        Mount(build, "build",
              only=("*.o", "*.a", "Modules/config.c", "exports.map"),
              without=("libpython*.a", *leave)),
        *(Mount(prefix, "build", only=(
            *(f"lib/{name}" for name in names), "include/*"))
          for prefix, names in deps.items()),
        Mount(licences, "licenses"))


def specs(name: BuildName, *, install: Path, stripped: Path, debug: Path,
          licences: Path, full: tuple[Mount, ...],
          python_json: Path) -> dict[str, Spec]:
    """All archives of one build, by kind.

    *install* is the tree with debug information, *stripped* has those
    of its files that differ without, *debug* what is to be unpacked
    over the result of the two, as the tests are.  Licences lie in
    ``python/licenses/`` wherever there is code that needs them.
    """
    texts = Mount(licences, "licenses")
    whole = Mount(install, without=NOT_INSTALLED)
    mounts = {
        "install_only": (whole, texts),
        "install_only_stripped": (
            whole, Mount(stripped, without=NOT_INSTALLED), texts),
        "debuginfo": (Mount(debug),),
        "tests": (Mount(install, only=TESTS), Mount(stripped, only=TESTS),
                  Mount(licences, "licenses", only=("cpython",))),
        "full": (*full, Mount(python_json, "PYTHON.json")),
    }
    return {kind: Spec(name.stem(kind), mounts[kind], compressions)
            for kind, compressions in KINDS.items()}


def archive(specs: Sequence[Spec], out: Path, epoch: int,
            companions: Companions = lambda *_: {},
            writers: Mapping[str, Writer] = {}) -> list[Archive]:
    """Write *specs* to *out*, and other archives with *writers*, by file
    name; all of them or none, and SHA256SUMS.

    *epoch* is every member's mtime in seconds since 1970.  The sums
    are over all archives in *out* and over what *companions* gives, which
    is written with them; this returns both.  Raises UsageError if
    *out* cannot be written to, BuildError if anything else fails, and
    leaves what was there before.
    """
    scratch = out / ".archives.partial"
    try:
        out.mkdir(parents=True, exist_ok=True)
        stamp.remove(scratch)
        scratch.mkdir()
    except OSError as exc:
        raise UsageError(f"cannot write to {out}: {exc.strerror}",
                         hint="choose another directory: OUT=DIR") from exc
    try:
        made = _write_all(specs, writers, scratch, epoch)
        sums = _others(out) | {item.path.name: item.sha256 for item in made}
        for name, text in sorted(companions(made, sums).items()):
            made.append(_companion(scratch / name, text))
            sums[name] = made[-1].sha256
        (scratch / checksums.FILE).write_text(checksums.text(sums), "utf-8")
        for path in sorted(scratch.iterdir(),
                           key=lambda p: p.name == checksums.FILE):
            path.replace(out / path.name)
            for suffix in SIGNATURES:            # of what was there before
                (out / f"{path.name}{suffix}").unlink(missing_ok=True)
    except OSError as exc:
        raise _failure(checksums.FILE, exc) from exc
    finally:
        stamp.remove(scratch)
    return [Archive(out / item.path.name, item.size, item.sha256)
            for item in made]


def _write_all(specs: Sequence[Spec], writers: Mapping[str, Writer],
               scratch: Path, epoch: int) -> list[Archive]:
    """Write as many at a time as there are cores."""
    with ThreadPoolExecutor(_cores()) as pool:
        try:
            # The largest comes last, and is best begun first.
            jobs = [*(pool.submit(_write_other, scratch / name, write)
                      for name, write in writers.items()),
                    *(pool.submit(_write, spec, scratch, epoch)
                      for spec in reversed(specs))]
            for number, job in enumerate(as_completed(jobs), 1):
                _progress(f"archive: {number} of {len(jobs)}: "
                          f"{job.result()[0].path.name}")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            _progress("")
    return [archive for job in reversed(jobs) for archive in job.result()]


def _write(spec: Spec, scratch: Path, epoch: int) -> list[Archive]:
    """Write one tar through all its compressors at once."""
    levels = {scratch / file: level for file, level in spec.files.items()}
    try:
        with contextlib.ExitStack() as stack:
            tee = _Tee([stack.enter_context(compressor(path, level))
                        for path, level in levels.items()])
            _write_tar(tee, members(spec.mounts), epoch)
    except OSError as exc:
        raise _failure(spec.name, exc) from exc
    return [_written(path) for path in levels]


def _write_other(path: Path, write: Writer) -> list[Archive]:
    try:
        write(path)
    except OSError as exc:
        raise _failure(path.name, exc) from exc
    return [_written(path)]


def _written(path: Path) -> Archive:
    return Archive(path, path.stat().st_size, stamp.file_sha256(path))


def _write_tar(sink: io.BufferedIOBase, contents: Mapping[str, Path | None],
               epoch: int) -> None:
    # GNU rather than PAX: BusyBox takes long names from the former only.
    # https://git.busybox.net/busybox/tree/archival/libarchive/get_header_tar.c
    with tarfile.TarFile(fileobj=sink, mode="w", format=tarfile.GNU_FORMAT,
                         encoding="utf-8", errors="surrogateescape",
                         copybufsize=1 << 20) as tar:
        for path, source in contents.items():
            info = tarfile.TarInfo(f"python/{path}")
            info.mtime = epoch
            info.mode = 0o755
            if source is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif source.is_symlink():
                info.type = tarfile.SYMTYPE
                info.mode = 0o777
                info.linkname = portable(os.readlink(source))
                tar.addfile(info)
            elif source.is_file():
                status = source.stat()
                info.size = status.st_size
                if not status.st_mode & stat.S_IXUSR:
                    info.mode = 0o644
                with source.open("rb") as file:
                    tar.addfile(info, file)
            else:
                raise BuildError(f"not a file that can be archived: {source}")


class _Tee(io.BufferedIOBase):
    """One tar for several compressors; zstd's work in the background."""

    def __init__(self, sinks: Sequence[IO[bytes]]) -> None:
        self._sinks = sinks

    def write(self, data: "ReadableBuffer") -> int:
        for sink in self._sinks:
            sink.write(data)
        return len(memoryview(data))

    def tell(self) -> int:
        return 0                 # asked once, by TarFile's constructor


def _companion(path: Path, text: str) -> Archive:
    path.write_text(text, "utf-8")
    return _written(path)


def _others(out: Path) -> dict[str, str]:
    """Name → hash of what other builds, or this one before, left."""
    return {path.name: stamp.file_sha256(path)
            for path in out.iterdir()
            if is_of_one_build(path.name) and path.is_file()
            and path.suffix not in SIGNATURES}


def _failure(name: str, exc: OSError) -> BuildError:
    return BuildError(
        f"cannot write {name}: {exc.strerror or exc}"
        + (f": {exc.filename}" if exc.filename else ""),
        hint="the archives that were there before are unchanged")


def _cores() -> int:
    return os.cpu_count() or 1


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:78]}")
        sys.stderr.flush()
