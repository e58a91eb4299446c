"""Write a pybi, a zip file with a whole Python.

Tools can unpack it and install wheels into it without running the
interpreter.  https://peps.python.org/pep-0711/
"""

import base64
import csv
import hashlib
import io
import json
import os
import stat
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.formats.tree import UNIX

#: Files to leave out: pip, which the tools that use pybis do not need.
WITHOUT = ("bin/pip*", f"{UNIX.site_packages}/*")

#: The built interpreter runs this with ``-I -B -c``; it prints JSON.
#: Values that depend on the machine are left out or called PLATFORM.
PROBE = """\
import json, os, sys, sysconfig
from pip._vendor.packaging import markers, tags

variables = dict(markers.default_environment())
del variables["platform_release"], variables["platform_version"]
found = [*tags.cpython_tags(platforms=["platform"]),
         *tags.compatible_tags(
             interpreter=tags.interpreter_name() + tags.interpreter_version(),
             platforms=["platform"])]
json.dump({
    "variables": variables,
    "paths": {name: os.path.relpath(path, sys.base_prefix)
              for name, path in sysconfig.get_paths().items()},
    "tags": [f"{tag.interpreter}-{tag.abi}-"
             + tag.platform.replace("platform", "PLATFORM")
             for tag in found],
}, sys.stdout)
"""

_MADE_ON_UNIX = 3
_UTF8 = 1 << 11
_DEFLATED, _STORED = 8, 0


@dataclass(frozen=True)
class Description:
    """The values for the metadata.  *probe* is the output of PROBE."""

    version: str                 # 3.13.15
    build: int                   # the name only has numbers above 1
    platform: str                # the tag: manylinux_2_17_x86_64
    probe: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The file name of the pybi."""
        build = f"-{self.build}" if self.build > 1 else ""
        return f"cpython-{self.version}{build}-{self.platform}.pybi"


def write(path: Path, contents: Mapping[str, Path | None], facts: Description,
          epoch: int, deflate: Callable[[bytes], bytes]) -> None:
    """Write *contents* and the metadata as a pybi.

    *contents* maps paths to files or symbolic links, or to None for
    directories.  *epoch* is every member's time, in seconds since 1970.
    *deflate* returns a raw DEFLATE stream (RFC 1951), the same on every
    host.  Raises FileExistsError if *path* exists.
    """
    with path.open("xb") as file:
        made = _Zip(file, epoch, deflate)
        record: list[tuple[str, str, str | int]] = []
        for name, mode, data in (*_members(contents), *_info(facts)):
            made.add(name, mode, data)
            if stat.S_ISLNK(mode):
                record.append((name, f"symlink={data.decode()}", ""))
            elif stat.S_ISREG(mode):
                record.append((name, f"sha256={_digest(data)}", len(data)))
        record.append(("pybi-info/RECORD", "", ""))
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(record)
        made.add("pybi-info/RECORD", stat.S_IFREG | 0o644,
                 lines.getvalue().encode())
        made.end()


def _members(contents: Mapping[str, Path | None],
             ) -> Iterator[tuple[str, int, bytes]]:
    """Yield the name, st_mode, and content or link target of members."""
    for name, source in contents.items():
        if source is None:
            yield f"{name}/", stat.S_IFDIR | 0o755, b""
        elif source.is_symlink():
            yield (name, stat.S_IFLNK | 0o777,
                   os.fsencode(os.readlink(source)))
        else:
            runs = source.stat().st_mode & stat.S_IXUSR
            yield (name, stat.S_IFREG | (0o755 if runs else 0o644),
                   source.read_bytes())


def _info(facts: Description) -> Iterator[tuple[str, int, bytes]]:
    """Yield the files of pybi-info/, except RECORD."""
    probe = facts.probe
    yield _text("PYBI", [
        ("Pybi-Version", "1.0"),
        ("Generator", "cpython-standalone 1.0"),
        ("Tag", facts.platform)])
    yield _text("METADATA", [
        ("Metadata-Version", "2.1"),
        ("Name", "cpython"),
        ("Version", facts.version),
        ("Summary", "A CPython that runs wherever it is unpacked; "
                    "the licences of all its parts are in licenses/"),
        ("Home-page", "https://www.python.org/"),
        ("Pybi-Environment-Marker-Variables",
         json.dumps(probe["variables"], sort_keys=True)),
        ("Pybi-Paths", json.dumps(probe["paths"], sort_keys=True)),
        *(("Pybi-Wheel-Tag", tag) for tag in probe["tags"])])


def _text(name: str, fields: list[tuple[str, str]]) -> tuple[str, int, bytes]:
    lines = "".join(f"{key}: {value}\n" for key, value in fields)
    return f"pybi-info/{name}", stat.S_IFREG | 0o644, lines.encode()


def _digest(data: bytes) -> str:
    sha256 = hashlib.sha256(data).digest()
    return base64.urlsafe_b64encode(sha256).decode().rstrip("=")


class _Zip:
    """A writer of zip files whose bytes do not depend on the host.

    The output of the module zipfile depends on the host's zlib.

    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
    """

    def __init__(self, file: io.BufferedIOBase, epoch: int,
                 deflate: Callable[[bytes], bytes]) -> None:
        self._file = file
        self._deflate = deflate
        self._central: list[bytes] = []
        moment = time.gmtime(epoch)
        self._time = (moment.tm_hour << 11 | moment.tm_min << 5
                      | moment.tm_sec // 2)
        self._date = (max(0, moment.tm_year - 1980) << 9
                      | moment.tm_mon << 5 | moment.tm_mday)

    def add(self, name: str, mode: int, data: bytes) -> None:
        """Write a member; *mode* includes its type, as st_mode does."""
        encoded = name.encode()
        flags = 0 if name.isascii() else _UTF8
        packed, method = self._deflate(data), _DEFLATED
        if not stat.S_ISREG(mode) or len(packed) >= len(data):
            packed, method = data, _STORED
        common = struct.pack(
            "<HHHHHLLLHH", 20, flags, method, self._time, self._date,
            zlib.crc32(data), len(packed), len(data), len(encoded), 0)
        is_directory = 0x10 if stat.S_ISDIR(mode) else 0
        self._central.append(struct.pack(
            "<4sBB26sHHHLL", b"PK\1\2", 20, _MADE_ON_UNIX, common, 0, 0, 0,
            mode << 16 | is_directory, self._file.tell()) + encoded)
        self._file.write(b"PK\3\4" + common + encoded + packed)

    def end(self) -> None:
        """Write the central directory, which completes the zip file."""
        start, size = self._file.tell(), sum(map(len, self._central))
        self._file.write(b"".join(self._central) + struct.pack(
            "<4sHHHHLLH", b"PK\5\6", 0, 0, len(self._central),
            len(self._central), size, start, 0))
