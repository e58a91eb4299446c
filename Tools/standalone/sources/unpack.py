"""Unpack a source archive: file -> directory, or nothing at all."""

import io
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from standalone.core.errors import FetchError, UsageError
from standalone.core.stamp import remove
from standalone.formats import ar


def unpack(archive: Path, dest: Path, strip: int = 1) -> None:
    """Make *dest* of a .tar.gz, .tar.bz2, .tar.xz, .whl or .deb.

    What was there is replaced.

    The first *strip* parts of every name are left away, but not those of
    a wheel, which is in no folder.  Owners and setuid bits are not taken
    over, mtimes are: autotools need them.  (A wheel has times without a
    zone: its files get new ones.)  Raises FetchError if the archive is
    damaged, or if a member is a device or would lie, or link to
    something, outside of *dest*.
    """
    if not hasattr(tarfile, "data_filter"):
        raise UsageError(
            "this Python cannot unpack archives safely",
            hint="use Python 3.11.4 or newer (tarfile.data_filter)")
    # Not at the top: where one is missing, host.check() is to say so.
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
        if exc.errno is None:       # so gzip and bz2 tell of bad data
            raise _damaged(archive, exc) from exc
        raise FetchError(f"cannot unpack {archive} to {dest}: "
                         f"{exc.strerror}") from exc
    finally:
        remove(scratch)


def read_text(archive: Path, name: str) -> str:
    """One file of an archive, by the name it has when unpacked.

    Raises FetchError if the archive lacks it.
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


def _tar(archive: Path) -> tarfile.TarFile:
    """The archive itself, or the files that a .deb is to install.

    A .deb is an ar archive of archives:
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
    """Not `zipfile.is_zipfile`, which looks for a zip's end anywhere."""
    with archive.open("rb") as file:
        return file.read(4) == b"PK\3\4"


def _unpack_wheel(archive: Path, dest: Path) -> None:
    """All files become plain ones: who installs a wheel does the rest."""
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            name = _stripped(member.filename, archive, 0)
            if name is None or not _is_plain(member):
                raise _refused(archive, member.filename, "is no plain file")
            path = dest / name
            if member.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(member) as source, path.open("xb") as target:
                shutil.copyfileobj(source, target)
            path.chmod(0o644)


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """A file or directory that any program for zip files can unpack."""
    # The mode if it was packed on a Unix, else zero.
    kind = stat.S_IFMT(member.external_attr >> 16)
    is_encrypted = member.flag_bits & 1
    return (kind in (0, stat.S_IFREG, stat.S_IFDIR) and not is_encrypted
            and member.compress_type in (zipfile.ZIP_STORED,
                                         zipfile.ZIP_DEFLATED))


def _checked(member: tarfile.TarInfo, path: str, archive: Path,
             strip: int) -> tarfile.TarInfo | None:
    """The member as it is to be unpacked; None for what is stripped."""
    name = _stripped(member.name, archive, strip)
    if name is None:
        if member.isdir():
            return None
        raise _refused(archive, member.name, "lies outside of its folder")
    changed = member.replace(name=name, deep=False)
    if member.islnk():              # its target is a member's name, too
        target = _stripped(member.linkname, archive, strip)
        if target is None:
            raise _refused(archive, member.name, "links to its folder")
        changed = changed.replace(linkname=target, deep=False)
    return tarfile.data_filter(changed, path)


def _stripped(name: str, archive: Path, strip: int) -> str | None:
    """*name* without its first parts.

    The data filter would make an absolute name a relative one; that is
    no archive to trust:
    https://docs.python.org/3/library/tarfile.html#tarfile.tar_filter
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(archive, name, "lies outside of its folder")
    return "/".join(path.parts[strip:]) or None


def _refused(archive: Path, member: str, why: str) -> FetchError:
    return FetchError(f"{archive.name} refused: {member!r}: {why}",
                      hint=f"remove {archive}: no upstream packs that")


def _damaged(archive: Path, exc: Exception) -> FetchError:
    return FetchError(f"{archive} is no whole archive: {exc}",
                      hint="remove it, it will be fetched anew")
