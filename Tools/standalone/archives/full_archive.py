"""Read a full archive without trusting it.

It may be truncated, modified, or made by another project.
"""

import contextlib
import copy
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.archives.compression import compressor, tar_stream
from standalone.core.errors import UsageError
from standalone.documents import python_json

_DOCUMENT = "python/PYTHON.json"
_LEVEL = 9                       # the same as in writer.KINDS


@dataclass(frozen=True)
class Distribution:
    """An unpacked full archive.

    *path* is its directory ``python``, *document* its PYTHON.json.
    """

    path: Path
    document: dict[str, Any]


@contextlib.contextmanager
def opened(archive: Path) -> Iterator[Distribution]:
    """Unpack *archive* into a temporary directory.

    If *archive* is a directory, use that.  Raises UsageError if it is not
    a full archive, or is incomplete or damaged.
    """
    if archive.is_dir():
        inside = archive / "python"
        path = (inside if inside.is_dir() else archive).resolve()
        yield Distribution(path, _checked(path, archive))
        return
    with tempfile.TemporaryDirectory(prefix="standalone-full-") as scratch:
        with _tar(archive) as tar:
            # Refuse absolute paths, devices and links to the outside:
            # https://docs.python.org/3/library/tarfile.html#tarfile.data_filter
            tar.extractall(scratch, filter="data")
        path = Path(scratch, "python")
        yield Distribution(path, _checked(path, archive))


def document(archive: Path) -> dict[str, Any]:
    """Return PYTHON.json of an archive or directory, without unpacking.

    Raises UsageError if it is not a full archive.
    """
    if archive.is_dir():
        with opened(archive) as distribution:
            return distribution.document
    with _tar(archive) as tar:
        for member in tar:
            if member.name == _DOCUMENT:
                file = tar.extractfile(member)
                return _parsed(file.read() if file else b"", archive)
    raise _not_full(archive)


def convert(archive: Path, version: str, output: Path) -> None:
    """Write a copy of *archive* with PYTHON.json in another *version*.

    *output* is only replaced when the copy is complete.  Raises UsageError
    if *archive* is not a full archive, *version* is unknown or *output*
    cannot be written.
    """
    if not output.name.endswith(".tar.zst"):
        raise UsageError(f"the name of {output} does not end in .tar.zst")
    new = python_json.as_version(document(archive), version)
    scratch = output.with_name(f".{output.name}.partial.zst")
    try:
        scratch.unlink(missing_ok=True)
        with (_tar(archive) as old, compressor(scratch, _LEVEL) as sink,
              tarfile.TarFile(fileobj=sink, mode="w",
                              format=tarfile.GNU_FORMAT) as tar):
            for member in old:
                file = old.extractfile(member) if member.isreg() else None
                if member.name == _DOCUMENT:
                    data = python_json.text(new).encode()
                    member, file = copy.copy(member), io.BytesIO(data)
                    member.size = len(data)
                tar.addfile(member, file)
        scratch.replace(output)
    except OSError as exc:
        raise UsageError(f"cannot write {output}: "
                         f"{exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


@contextlib.contextmanager
def _tar(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        file = archive.open("rb")
    except OSError as exc:
        raise UsageError(f"cannot read {archive}: {exc.strerror}") from exc
    try:
        with (file, tar_stream(file) as stream,
              tarfile.open(fileobj=stream, mode="r|") as tar):
            yield tar
    except tarfile.TarError as exc:
        raise UsageError(f"{archive} is damaged or not a .tar.zst: {exc}",
                         hint="compare its hash with SHA256SUMS"
                         ) from exc


def _checked(path: Path, archive: Path) -> dict[str, Any]:
    """Return PYTHON.json of *path*; check that the files it names exist."""
    try:
        data = (path / "PYTHON.json").read_bytes()
    except OSError as exc:
        raise _not_full(archive) from exc
    parsed = _parsed(data, archive)
    try:
        named = sorted({*python_json.named_paths(parsed)})
        missing = [name for name in named
                   if Path(name).is_absolute() or ".." in Path(name).parts
                   or not (path / name).exists()]
    except (AttributeError, KeyError, TypeError) as exc:
        raise UsageError(f"PYTHON.json of {archive} is incomplete: "
                         f"{type(exc).__name__}: {exc}") from exc
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise UsageError(f"{archive} lacks files that its PYTHON.json names: "
                         f"{', '.join(missing[:3])}{more}")
    return parsed


def _parsed(data: bytes, archive: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(data)
    except ValueError as exc:
        raise UsageError(f"PYTHON.json of {archive} is not valid JSON: "
                         f"{exc}") from exc
    version = parsed.get("version") if isinstance(parsed, dict) else None
    if version not in python_json.VERSIONS:
        raise UsageError(f"PYTHON.json of {archive} has an unknown "
                         f"version: {version!r}")
    return dict(parsed)


def _not_full(archive: Path) -> UsageError:
    return UsageError(f"{archive} is not a full archive: it has no "
                      "PYTHON.json",
                      hint="the name of a full archive ends in -full.tar.zst")
