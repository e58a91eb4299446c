"""libpython's archive, with all that its built-in modules need inside.

CPython's makefile leaves those libraries to whoever links.  They lie in
other archives, whose names nothing tells a user of pkg-config or CMake,
and whose symbols a program that exports Python's API to extension
modules would export too: an extension with an OpenSSL of its own would
then call ours.
"""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from standalone.core.model import Command, Commands, WriteFile
from standalone.formats import ar

_SYMTAB, _HIDDEN = 2, 2          # SHT_SYMTAB, STV_HIDDEN
# Of Elf32_Ehdr and Elf64_Ehdr, Elf32_Shdr and Elf64_Shdr, Elf32_Sym and
# Elf64_Sym (https://gabi.xinuos.com/), by EI_CLASS: e_shoff to e_shnum;
# sh_type, sh_offset and sh_size; st_info, st_other and st_shndx.
_SECTIONS = {1: ("32xI10xHH", "4xI8xII"), 2: ("40xQ10xHH", "4xI16xQQ")}
_SYMBOL = {1: ("12xBBH", 16, 13), 2: ("4xBBH", 24, 5)}


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
    they make exports none of it.  Members that are no ELF files stay as
    they are.  Raises ValueError if *archive* is none.
    """
    result = bytearray(archive)
    for member in ar.members(archive):
        with memoryview(result)[member.start:member.end] as data:
            if bytes(data[:4]) == b"\x7fELF":
                _hide(data)
    return bytes(result)


def _hide(elf: memoryview) -> None:
    order = "<" if elf[5] == 1 else ">"
    fields, length, other = _SYMBOL[elf[4]]
    symbol = struct.Struct(order + fields)
    for offset, size in _symbol_tables(elf, order):
        for place in range(offset, offset + size, length):
            info, visibility, section = symbol.unpack_from(elf, place)
            # Neither local (STB_LOCAL) nor defined elsewhere (SHN_UNDEF).
            if info >> 4 and section and not visibility & 3:
                elf[place + other] = visibility | _HIDDEN


def _symbol_tables(elf: memoryview, order: str) -> Iterator[tuple[int, int]]:
    """Offset and size of each."""
    header, section = _SECTIONS[elf[4]]
    start, length, number = struct.unpack_from(order + header, elf)
    for place in range(start, start + length * number, length):
        kind, offset, size = struct.unpack_from(order + section, elf, place)
        if kind == _SYMTAB:
            yield offset, size
