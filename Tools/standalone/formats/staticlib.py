"""libpython's archive, with all that its built-in modules need inside.

CPython's makefile leaves those libraries to whoever links.  They lie in
other archives, whose names nothing tells a user of pkg-config or CMake,
and whose symbols a program that exports Python's API to extension
modules would export too: an extension with an OpenSSL of its own would
then call ours.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from standalone.core.model import Command, Commands, WriteFile
from standalone.formats import ar

_SYMTAB, _HIDDEN = 2, 2          # SHT_SYMTAB, STV_HIDDEN


@dataclass(frozen=True)
class _Layout:
    """ELF's structures for one EI_CLASS, https://gabi.xinuos.com/.

    Each word is one field, as `struct` has it; x: we skip it.  Not with
    pyelftools: it needs 40 times as long for 300,000 sections, one a
    function, and its Elf_Sym.build() clears two bits of st_other.
    """

    header: str                  # e_shoff, e_shentsize, e_shnum
    section: str                 # sh_type, sh_offset, sh_size
    symbol: str                  # st_info, st_other, st_shndx
    other: int                   # where in a symbol st_other is


_LAYOUTS = {
    1: _Layout(header="16x 2x 2x 4x 4x 4x I 4x 2x 2x 2x H H 2x",
               section="4x I 4x 4x I I 4x 4x 4x 4x",
               symbol="4x 4x 4x B B H", other=13),
    2: _Layout(header="16x 2x 2x 4x 8x 8x Q 4x 2x 2x 2x H H 2x",
               section="4x I 8x 8x Q Q 4x 4x 8x 8x",
               symbol="4x B B H 8x 8x", other=5),
}


def commands(library: Path, others: Iterable[Path],
             scratch: Path) -> Commands:
    """Add *others*, with hidden symbols, to *library*; by way of files
    in *scratch*, a directory that exists."""
    script = [f"CREATE {scratch / library.name}", f"ADDLIB {library}"]
    for number, other in enumerate(others):
        hidden = scratch / f"{number}-{other.name}"
        hidden.write_bytes(hide(other.read_bytes()))
        script.append(f"ADDLIB {hidden}")
    # The one way to put archives into an archive that both GNU's ar and
    # LLVM's know: https://sourceware.org/binutils/docs/binutils/ar-scripts.html
    yield WriteFile(scratch / "script", "\n".join(
        [*script, "SAVE", "END", ""]))
    yield Command(("sh", "-c", "exec ar -M <script"), scratch)
    yield Command(("mv", str(scratch / library.name), str(library)), scratch)


def hide(archive: bytes) -> bytes:
    """*archive* with every symbol that it defines hidden.

    Others may link with it as before, but a program or library that
    they make exports none of it.  Members that are not ELF files stay as
    they are.  Raises ValueError if *archive* is none.
    """
    result = bytearray(archive)
    for member in ar.members(archive):
        with memoryview(result)[member.start:member.end] as data:
            if bytes(data[:4]) == b"\x7fELF":
                _hide(data)
    return bytes(result)


def _hide(elf: memoryview) -> None:
    layout, order = _LAYOUTS[elf[4]], "<" if elf[5] == 1 else ">"
    symbol = struct.Struct(order + layout.symbol)
    for offset, size in _symbol_tables(elf, layout, order):
        for place in range(offset, offset + size, symbol.size):
            info, other, section = symbol.unpack_from(elf, place)
            # Neither local (STB_LOCAL) nor defined elsewhere (SHN_UNDEF).
            if info >> 4 and section and not other & 3:
                elf[place + layout.other] = other | _HIDDEN


def _symbol_tables(elf: memoryview, layout: _Layout,
                   order: str) -> Iterator[tuple[int, int]]:
    """Offset and size of each."""
    start, length, number = struct.unpack_from(order + layout.header, elf)
    section = struct.Struct(order + layout.section)
    for place in range(start, start + length * number, length):
        kind, offset, size = section.unpack_from(elf, place)
        if kind == _SYMTAB:
            yield offset, size
