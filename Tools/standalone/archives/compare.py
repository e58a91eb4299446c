"""List the members of an archive, and the differences of two archives.

Archives are read sequentially, so that they need not fit into memory.
"""

import gzip
import hashlib
import os
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from standalone.archives import compression
from standalone.core.errors import UsageError

#: The maximum number of differences that are listed.
_SHOWN = 10
_BLOCK = 1 << 20                 # bytes


@dataclass(frozen=True)
class Member:
    """The hash of a member's contents, and its attributes."""

    sha256: str
    attributes: str              # for people: "mode 755, time 1700000000"


def listing(archive: Path) -> dict[str, Member]:
    """Return the members of a .tar.gz, .tar.zst or zip by name, in order.

    Raises UsageError if *archive* has another format or is damaged.
    """
    return {name: Member(_sha256(data), attributes)
            for name, attributes, data in _members(archive)}


def differences(first: Path, second: Path) -> list[str]:
    """Return lines that describe the differences of two files.

    Archives are compared member by member.  The list is empty if the
    files are equal.  Raises UsageError as `listing` does.
    """
    if _same(first, second):
        return []
    if not _is_archive(first):
        return [_where(first.read_bytes(), second.read_bytes())]
    here, there = listing(first), listing(second)
    common = [name for name in here if name in there]
    changed = [name for name in common
               if here[name].sha256 != there[name].sha256]
    lines = [
        *(f"{name}: only in the first" for name in here if name not in there),
        *(f"{name}: only in the second" for name in there
          if name not in here),
        *(f"{name}: {here[name].attributes}\n"
          f"  {'second':>{len(name)}}: {there[name].attributes}"
          for name in common
          if here[name].attributes != there[name].attributes)]
    shown = changed[:max(_SHOWN - len(lines), 1)]
    ours, theirs = _read(first, shown), _read(second, shown)
    lines += [f"{name}: {_where(ours.get(name, b''), theirs.get(name, b''))}"
              for name in shown]
    left = len(lines) + len(changed) - len(shown) - _SHOWN
    if left > 0:
        lines[_SHOWN:] = [f"and {left} more"]
    if not lines:
        lines = ["the same members, but " + (
            "compressed differently" if [*here] == [*there]
            else "in another order")]
    return lines


def _where(first: bytes, second: bytes) -> str:
    """Describe the first difference of two contents: a line or bytes."""
    at = len(os.path.commonprefix([first, second]))       # noqa: RUF071
    if b"\0" in first + second:
        start = max(at - 8, 0)
        shown = [repr(text[start:at + 24])[1:] for text in (first, second)]
        place = f"from byte {at} of {len(first)}"
    else:
        number = first.count(b"\n", 0, at)
        shown = [repr(text.split(b"\n")[number].decode(
            "utf-8", "backslashreplace"))[:200] for text in (first, second)]
        place = f"from line {number + 1}"
    return f"differs {place}\n    first:  {shown[0]}\n    second: {shown[1]}"


def _members(archive: Path) -> Iterator[tuple[str, str, IO[bytes] | None]]:
    """Yield the name, attributes and content of each member.

    The content can only be read until the next member is requested.
    """
    try:
        if archive.suffix in (".gz", ".zst"):
            with archive.open("rb") as file, (
                    gzip.GzipFile(fileobj=file) if archive.suffix == ".gz"
                    else compression.tar_stream(file)) as data:
                with tarfile.open(fileobj=data, mode="r|") as tar:
                    yield from _of_tar(tar)
                while data.read(_BLOCK):     # verify the final checksum
                    pass
        else:
            with zipfile.ZipFile(archive) as packed:
                for info in packed.infolist():
                    with packed.open(info) as content:
                        yield info.filename, _of_zip(info), content
    except (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile,
            zlib.error, EOFError) as exc:
        raise UsageError(
            f"{archive} is damaged or not an archive: {exc}") from exc


def _of_tar(tar: tarfile.TarFile,
            ) -> Iterator[tuple[str, str, IO[bytes] | None]]:
    for info in tar:
        to = f", to {info.linkname}" * (info.issym() or info.islnk())
        owner = f"{info.uid}:{info.gid} {info.uname}:{info.gname}".rstrip(" :")
        yield info.name, (
            f"type {info.type.decode()}, mode {info.mode:o}, owner {owner}, "
            f"time {info.mtime}{to}"), tar.extractfile(
                info) if info.isreg() else None


def _of_zip(info: zipfile.ZipInfo) -> str:
    return (f"mode {info.external_attr >> 16:o}, time {info.date_time}, "
            f"method {info.compress_type}, system {info.create_system}")


def _read(archive: Path, names: Collection[str]) -> dict[str, bytes]:
    return {name: data.read() for name, _, data in _members(archive)
            if name in names and data}


def _sha256(data: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while data and (block := data.read(_BLOCK)):
        digest.update(block)
    return digest.hexdigest()


def _same(first: Path, second: Path) -> bool:
    with first.open("rb") as one, second.open("rb") as other:
        return _sha256(one) == _sha256(other)


def _is_archive(path: Path) -> bool:
    return path.suffix in (".gz", ".zst", ".pybi")
