"""Remove LLVM's bitcode from objects that contain machine code as well.

Only the clang that wrote bitcode can read it, and it makes an object twice
as large.  https://llvm.org/docs/FatLTO.html
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.formats import ar, strip

#: The section with the bitcode.
SECTION = b".llvm.lto"

_ELF = b"\x7fELF"
_HEADER = 60                     # bytes of the header of an ar member


def remove(path: Path, target: Path) -> bool:
    """Write an object file or static library without bitcode to *target*.

    Return False, and write nothing, if *path* contains none.  Raises
    BuildError if it is damaged.
    """
    data = path.read_bytes()
    if SECTION not in data:
        return False
    try:
        without = (_from_archive(data) if data.startswith(ar.MAGIC)
                   else strip.without_section(data, SECTION))
    except (ValueError, KeyError, struct.error) as exc:
        raise BuildError(f"cannot remove the bitcode of {path}: {exc}"
                         ) from exc
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(without)
    return True


def _from_archive(data: bytes) -> bytes:
    """Return a static library with the same members, without bitcode."""
    out = bytearray(ar.MAGIC)
    moved: dict[int, int] = {}           # offsets of the headers of members
    index: ar.Member | None = None
    for member in ar.members(data):
        content = data[member.start:member.end]
        header = data[member.start - _HEADER:member.start]
        moved[member.start - _HEADER] = len(out)
        if member.name == "/":
            index = member
        elif content.startswith(_ELF):
            content = strip.without_section(content, SECTION)
        # The size is in decimal digits, padded with spaces.
        out += header[:48] + b"%-10d" % len(content) + header[58:] + content
        out += b"\n" * (len(out) % 2)
    if index:
        place = moved[index.start - _HEADER] + _HEADER
        # A number of symbols, then the offset of the member of each.
        for number, offset in enumerate(_offsets(data, index), 1):
            struct.pack_into(">I", out, place + 4 * number, moved[offset])
    return bytes(out)


def _offsets(data: bytes, index: ar.Member) -> Iterator[int]:
    [count] = struct.unpack_from(">I", data, index.start)
    for number in range(1, count + 1):
        [offset] = struct.unpack_from(">I", data, index.start + 4 * number)
        yield offset
