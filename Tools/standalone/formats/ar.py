"""List the members of an ``ar`` archive: static libraries, .deb files.

Format: https://man7.org/linux/man-pages/man5/ar.5.html, with long names
as GNU's and LLVM's ar write them on Linux.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"!<arch>\n"
_HEADER = re.compile(rb"(.{16}).{32}(\d[\d ]{9})`\n", re.DOTALL)


@dataclass(frozen=True)
class Member:
    """A member: the bytes from *start* to *end* of the archive.

    The symbol index is a member with the name ``/``.
    """

    name: str
    start: int
    end: int


def members(archive: bytes | bytearray) -> Iterator[Member]:
    """Yield all members in order.

    Raises ValueError if *archive* is not an archive, or when a damaged
    member is reached.
    """
    if not archive.startswith(MAGIC):
        raise ValueError("not an ar archive")
    names, place = b"", len(MAGIC)
    while place < len(archive):
        header = _HEADER.match(archive, place)
        if not header or header.end() + int(header[2]) > len(archive):
            raise ValueError(f"damaged archive at byte {place}")
        start, name = header.end(), header[1].rstrip()
        end = start + int(header[2])
        if name == b"//":                # table of long names
            names = bytes(archive[start:end])
        elif re.fullmatch(rb"/\d+", name):
            name = names[int(name[1:]):].partition(b"/\n")[0]
        elif name != b"/":
            name = name.removesuffix(b"/")
        yield Member(name.decode("utf-8", "surrogateescape"), start, end)
        place = end + end % 2            # members start at even offsets
