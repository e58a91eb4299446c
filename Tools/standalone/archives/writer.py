"""Write archives, the files published with them, and SHA256SUMS.

An archive is a name and a list of mounts (mounts.py).  Its bytes depend
only on names, contents and executable bits.  They do not depend on the
location of the directories, the order in which the system lists them,
owner, umask, locale, number of cores, or the host's zlib.
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

#: The suffixes that signatures append to the name of the signed file.
SIGNATURES = (".asc", ".sigstore")

#: The kinds of archive, with compressions and their levels.  The archive
#: that most users download has level 10, which makes it 4% smaller.  For
#: the others, higher levels take twice the time to save 1%.
KINDS: Mapping[str, Mapping[str, int]] = {
    "install_only": {"gz": 6, "zst": 9},
    "install_only_stripped": {"gz": 10, "zst": 9},
    "debuginfo": {"zst": 9},
    "tests": {"gz": 6, "zst": 9},
    "full": {"zst": 9},
}

#: Files that are only needed to run CPython's own tests.
TESTS = (
    *(f"{UNIX.library}/{name.replace('.', '/')}" for name in TEST_PACKAGES),
    *(f"{UNIX.dynload}/{name}.*so" for name in TEST_EXTENSIONS),
)

#: Files excluded from install_only.
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


#: Returns extra files (name → text) to publish with the archives.  The
#: arguments are the archives just written, and the hashes by name of all
#: archives in OUT.
Companions = Callable[[Sequence[Archive], Mapping[str, str]],
                      Mapping[str, str]]

#: Writes an archive that is not a tar file.
Writer = Callable[[Path], None]


def file_names(name: BuildName) -> list[str]:
    """Return the file names of the tar archives of the build *name*."""
    return [str(ArchiveName(name, kind, compression))
            for kind, compressions in KINDS.items()
            for compression in compressions]


def full_mounts(install: Path, build: Path,
                deps: Mapping[Path, Iterable[str]], licences: Path,
                leave: Iterable[str] = ()) -> tuple[Mount, ...]:
    """Return the mounts of the full archive, except PYTHON.json.

    *install* is the tree, *build* is CPython's build directory, *leave*
    has patterns for files of *build* to leave out, and *deps* maps the
    prefixes of dependencies to the libraries that are linked.
    libpython's archive is in the tree.
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
    """Return all tar archives of one build, by kind.

    *install* is the tree with debug information, *stripped* has the files
    that differ without it, and *debug* has the separate debug information.
    Archives with code have its licences in ``python/licenses/``.
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
    """Write archives, their companions and SHA256SUMS to *out*.

    *specs* are the tar archives; *writers* maps the file names of other
    archives to functions that write them.  *epoch* is every member's
    mtime in seconds since 1970.  SHA256SUMS covers all archives in *out*
    and the files that *companions* returns.

    Return the written archives and companions.  Raises UsageError if
    *out* cannot be written to, and BuildError if anything else fails.
    If writing the archives fails, the files in *out* do not change.
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
            for suffix in SIGNATURES:            # of the replaced file
                (out / f"{path.name}{suffix}").unlink(missing_ok=True)
    except OSError as exc:
        raise _failure(checksums.FILE, exc) from exc
    finally:
        stamp.remove(scratch)
    return [Archive(out / item.path.name, item.size, item.sha256)
            for item in made]


def _write_all(specs: Sequence[Spec], writers: Mapping[str, Writer],
               scratch: Path, epoch: int) -> list[Archive]:
    """Write archives in parallel, one per core."""
    with ThreadPoolExecutor(_cores()) as pool:
        try:
            # The last is the largest, so start with that.
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
    """Write one tar archive with all its compressions in one pass."""
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
    # GNU rather than PAX: BusyBox only reads long names in GNU format.
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
                raise BuildError("cannot archive, not a regular file: "
                                 f"{source}")


class _Tee(io.BufferedIOBase):
    """A file that passes data to several compressors."""

    def __init__(self, sinks: Sequence[IO[bytes]]) -> None:
        self._sinks = sinks

    def write(self, data: "ReadableBuffer") -> int:
        for sink in self._sinks:
            sink.write(data)
        return len(memoryview(data))

    def tell(self) -> int:
        return 0                 # only TarFile's constructor calls this


def _companion(path: Path, text: str) -> Archive:
    path.write_text(text, "utf-8")
    return _written(path)


def _others(out: Path) -> dict[str, str]:
    """Return the hashes, by name, of the archives already in *out*."""
    return {path.name: stamp.file_sha256(path)
            for path in out.iterdir()
            if is_of_one_build(path.name) and path.is_file()
            and path.suffix not in SIGNATURES}


def _failure(name: str, exc: OSError) -> BuildError:
    return BuildError(
        f"cannot write {name}: {exc.strerror or exc}"
        + (f": {exc.filename}" if exc.filename else ""),
        hint="the archives written by earlier builds are unchanged")


def _cores() -> int:
    return os.cpu_count() or 1


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:78]}")
        sys.stderr.flush()
