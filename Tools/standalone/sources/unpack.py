"""Unpack a source archive into a directory, completely or not at all."""

import io
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from standalone.core.errors import FetchError, UsageError
from standalone.core.stamp import remove
from standalone.formats import ar


def unpack(archive: Path, dest: Path, strip: int = 1) -> None:
    """Unpack a .tar.gz, .tar.bz2, .tar.xz, .whl or .deb into *dest*.

    An existing *dest* is replaced.

    The first *strip* components of every name are removed, except in a
    wheel, which has no top-level directory.  Owners and setuid bits are
    ignored.  mtimes are restored, since autotools depends on them, except
    in a wheel, where times have no zone.

    Raises FetchError if the archive is damaged, or if a member is a
    device or would be placed, or link to a file, outside *dest*.
    """
    if not hasattr(tarfile, "data_filter"):
        raise UsageError(
            "this Python cannot unpack archives safely",
            hint="use Python 3.11.4 or newer (tarfile.data_filter)")
    # Imported here so that host.check() can report a missing one.
    import lzma
    import zlib
    scratch = dest.with_name(f"{dest.name}.unpacking")
    remove(scratch)
    try:
        scratch.mkdir(parents=True)
        if _is_zip(archive):
            _unpack_wheel(archive, scratch)
        else:
            with _tar(archive) as tar:
                tar.extractall(scratch, filter=lambda member, path: _checked(
                    member, path, archive, strip))
        remove(dest)
        scratch.rename(dest)
    except tarfile.FilterError as exc:
        raise _refused(archive, exc.tarinfo.name, str(exc)) from exc
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error,
            lzma.LZMAError) as exc:
        raise _damaged(archive, exc) from exc
    except OSError as exc:
        if exc.errno is None:       # gzip and bz2 report bad data like this
            raise _damaged(archive, exc) from exc
        raise FetchError(f"cannot unpack {archive} to {dest}: "
                         f"{exc.strerror}") from exc
    finally:
        remove(scratch)


def read_text(archive: Path, name: str) -> str:
    """Return the text of one file of an archive.

    *name* is its path when unpacked.  Raises FetchError if the archive
    does not contain it.
    """
    try:
        if _is_zip(archive):
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(name).decode("utf-8")
        with _tar(archive) as tar:
            member = next(member for member in tar
                          if member.name.partition("/")[2] == name)
            file = tar.extractfile(member)
            assert file is not None
            return file.read().decode("utf-8")
    except (KeyError, StopIteration) as exc:
        raise FetchError(f"{archive.name} has no {name}") from exc


def read_members(archive: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of files of a tar archive, by their names there.

    Raises FetchError if the archive does not contain one of *names*, or
    is damaged.
    """
    import lzma
    import zlib
    wanted, found = {*names}, {}
    try:
        with _tar(archive) as tar:
            for member in tar:
                name = str(PurePosixPath(member.name))
                if name in wanted and member.isreg():
                    file = tar.extractfile(member)
                    assert file is not None
                    found[name] = file.read()
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError,
            OSError) as exc:
        raise _damaged(archive, exc) from exc
    if missing := sorted(wanted - found.keys()):
        raise FetchError(f"{archive.name} has no {', '.join(missing)}")
    return found


def _tar(archive: Path) -> tarfile.TarFile:
    """Open the archive, or the one with a .deb's files.

    A .deb is an ar archive of tar archives:
    https://man7.org/linux/man-pages/man5/deb.5.html
    """
    with archive.open("rb") as file:
        if file.read(len(ar.MAGIC)) != ar.MAGIC:
            return tarfile.open(archive)
    package = archive.read_bytes()
    try:
        for member in ar.members(package):
            if member.name.startswith("data.tar"):
                return tarfile.open(fileobj=io.BytesIO(
                    package[member.start:member.end]))
    except ValueError as exc:
        raise tarfile.ReadError(str(exc)) from exc
    raise tarfile.ReadError("a Debian package without data.tar")


def _is_zip(archive: Path) -> bool:
    """Return whether *archive* starts like a zip file.

    zipfile.is_zipfile() also accepts files that only contain one.
    """
    with archive.open("rb") as file:
        return file.read(4) == b"PK\3\4"


def _unpack_wheel(archive: Path, dest: Path) -> None:
    """Unpack a wheel; its files do not become executable."""
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            name = _stripped(member.filename, archive, 0)
            if name is None or not _is_plain(member):
                raise _refused(archive, member.filename,
                               "is not a regular file or directory")
            path = dest / name
            if member.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(member) as source, path.open("xb") as target:
                shutil.copyfileobj(source, target)
            path.chmod(0o644)


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """Return whether any zip program can unpack *member*.

    It can if *member* is a file or directory without encryption or an
    unusual compression method.
    """
    # The high bits are the mode if a Unix system made the archive, or zero.
    kind = stat.S_IFMT(member.external_attr >> 16)
    is_encrypted = member.flag_bits & 1
    return (kind in (0, stat.S_IFREG, stat.S_IFDIR) and not is_encrypted
            and member.compress_type in (zipfile.ZIP_STORED,
                                         zipfile.ZIP_DEFLATED))


def _checked(member: tarfile.TarInfo, path: str, archive: Path,
             strip: int) -> tarfile.TarInfo | None:
    """Return the member to unpack, or None for a stripped directory."""
    name = _stripped(member.name, archive, strip)
    if name is None:
        if member.isdir():
            return None
        raise _refused(archive, member.name, "is outside the top directory")
    changed = member.replace(name=name, deep=False)
    if member.islnk():              # its target is the name of a member
        target = _stripped(member.linkname, archive, strip)
        if target is None:
            raise _refused(archive, member.name,
                           "links to the top directory")
        changed = changed.replace(linkname=target, deep=False)
    return tarfile.data_filter(changed, path)


def _stripped(name: str, archive: Path, strip: int) -> str | None:
    """Return *name* without its first *strip* components.

    Raises FetchError for an absolute name, which tarfile's data filter
    would make relative: an archive with such names cannot be trusted.
    https://docs.python.org/3/library/tarfile.html#tarfile.tar_filter
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(archive, name, "is outside the top directory")
    return "/".join(path.parts[strip:]) or None


def _refused(archive: Path, member: str, why: str) -> FetchError:
    return FetchError(f"{archive.name} refused: {member!r}: {why}",
                      hint=f"remove {archive}: it cannot come from upstream")


def _damaged(archive: Path, exc: Exception) -> FetchError:
    return FetchError(f"{archive} is damaged or incomplete: {exc}",
                      hint="remove it, and it will be fetched again")
