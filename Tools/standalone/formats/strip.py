"""A linked ELF file → what runs, and what a debugger wants.

Fresh machines have no ``strip``, and zig's ``objcopy`` does not do it yet.
All that a process maps stays at its place in the file, so no address,
segment or alignment changes.  Format: the System V gABI,
https://gabi.xinuos.com/; how a debugger finds the other file:
https://sourceware.org/gdb/current/onlinedocs/gdb.html/Separate-Debug-Files.html
"""

import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.construct import ConstructError
from elftools.construct.lib import Container
from elftools.elf.structs import ELFStructs

from standalone.core.errors import BuildError

_MAGIC = b"\x7fELF"
_LINKED = {"ET_EXEC", "ET_DYN"}
_DYNAMIC = {"PT_DYNAMIC", "PT_INTERP"}
_ALLOC = 0x2                                         # SHF_ALLOC
# What `strip --strip-all` takes of what is not loaded: these types and these
# names, but not .comment.  The last is ours to make anew.
_DEBUG_TYPES = {"SHT_SYMTAB", "SHT_STRTAB", "SHT_RELA", "SHT_REL",
                "SHT_GROUP", "SHT_SYMTAB_SHNDX"}
_DEBUG_NAMES = (b".debug", b".zdebug", b".gdb_index", b".gnu_debuglink")

#: A section's header, and its content if that is not at its place already.
_Entry = tuple[Container, bytes | bytearray | memoryview | None]


@dataclass(frozen=True)
class _Elf:
    """A file taken to pieces."""

    data: bytes
    structs: ELFStructs
    header: Container            # Elf_Ehdr
    segments: list[Container]    # Elf_Phdr
    sections: list[Container]    # Elf_Shdr

    def movable(self, section: Container) -> memoryview | None:
        """Its bytes in the file, if their place does not matter."""
        if _has_content(section) and not _is_loaded(section):
            return memoryview(self.data)[
                section.sh_offset:_section_end(section)]
        return None

    def name(self, section: Container) -> bytes:
        """Such as ``.text``."""
        table = self.sections[self.header.e_shstrndx]
        names = self.data[table.sh_offset:_section_end(table)]
        return names[section.sh_name:].partition(b"\0")[0]

    @property
    def headers(self) -> list[tuple[int, int]]:
        """Start and end of the ELF header and of the program headers."""
        start = self.header.e_phoff
        return [(0, self.structs.Elf_Ehdr.sizeof()), (
            start, start + self.header.e_phnum * self.header.e_phentsize)]

    def new_section(self, **fields: int | str) -> Container:
        """A section header with *fields*; the others are zero."""
        struct = self.structs.Elf_Shdr
        return _replace(struct.parse(bytes(struct.sizeof())), **fields)


def _replace(header: Container, **fields: int | str) -> Container:
    """A copy of *header* with new values of *fields*."""
    return Container(**{**header, **fields})


def _segment_end(segment: Container) -> int:
    """Where it ends in the file, or 0 if it has no bytes there."""
    size: int = segment.p_filesz
    return segment.p_offset + size if size else 0


def _section_end(section: Container) -> int:
    """Where it ends in the file, or 0 if it has no bytes there."""
    size: int = section.sh_size
    return section.sh_offset + size if _has_content(section) else 0


def _has_content(section: Container) -> bool:
    """Is it in the file?"""
    return section.sh_type not in {"SHT_NULL", "SHT_NOBITS"}


def _is_loaded(section: Container) -> bool:
    """Is it part of the process?"""
    return bool(section.sh_flags & _ALLOC)


def split(data: bytes, debuglink: str) -> tuple[bytes, bytes]:
    """The stripped file and its debug file.

    As from ``strip --strip-all`` and ``objcopy --only-keep-debug``: the
    debug file keeps the number and address of every section, so that its
    symbols stay true, but of what is loaded only the notes.  *debuglink*
    is the debug file's name, which the stripped one records.

    Raises ValueError if *data* is damaged or not a linked ELF file.
    """
    elf = _parse(data)
    if elf.header.e_type not in _LINKED:
        raise ValueError("not linked")
    debug = _debug(elf)
    name = os.fsencode(debuglink)
    link = name + bytes(4 - len(name) % 4) + elf.structs.Elf_word(
        "crc").build(zlib.crc32(debug))
    return _stripped(elf, link), debug


def without_section(data: bytes, name: bytes) -> bytes:
    """Return an object file without the contents of the section *name*.

    Nothing may refer to the section.  An empty one keeps its number, so
    that the numbers of the others stay true.  Raises ValueError if *data*
    is damaged or not an ELF object file.
    """
    elf = _parse(data)
    if elf.header.e_type != "ET_REL":
        raise ValueError("not an object file")
    entries: list[_Entry] = []
    for section in elf.sections:
        if elf.name(section) == name:
            entries.append((elf.new_section(), None))
        else:
            entries.append((section, memoryview(data)[
                section.sh_offset:_section_end(section)]
                if _has_content(section) else None))
    return _assemble(elf, bytearray(elf.headers[0][1]), entries,
                     elf.header.e_shstrndx)


def split_tree(tree: Path, stripped: Path, debug: Path) -> None:
    """Split all dynamic programs and libraries below *tree*.

    A stripped file has the same name below *stripped*.  A debug file is
    found by build id if the debugger's ``debug-file-directory`` is
    *debug*/lib/debug, and without any setting if *debug* is laid over
    *stripped*, through a link in ``.debug/`` next to the stripped file.

    Raises BuildError for a damaged file, one without a build id, and two
    that differ and have the same.
    """
    for path in sorted(tree.rglob("*")):
        data = _read_elf(path)
        if data is None:
            continue
        try:
            elf = _parse(data)
            if not _is_dynamic(elf):
                continue
            without, rest = split(data, f"{path.name}.debug")
            build_id = _build_id(elf)
        except ValueError as exc:
            raise BuildError(f"cannot strip {path}: {exc}") from exc
        target = (debug / "lib/debug/.build-id" / build_id[:2]
                  / f"{build_id[2:]}.debug")
        if target.exists() and target.read_bytes() != rest:
            raise BuildError(f"cannot strip {path}: another file has its "
                             f"build id, {build_id}")
        name = path.relative_to(tree)
        _write(stripped / name, without, stat.S_IMODE(path.stat().st_mode))
        _write(target, rest, 0o644)
        link = debug / name.parent / ".debug" / f"{path.name}.debug"
        _make_room(link)
        link.symlink_to(os.path.relpath(target, link.parent))


def _read_elf(path: Path) -> bytes | None:
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return None
    return path.read_bytes()


def _write(path: Path, data: bytes, mode: int) -> None:
    _make_room(path)
    path.write_bytes(data)
    path.chmod(mode)


def _make_room(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)     # it may be read-only, or a hard link


def _parse(data: bytes) -> _Elf:
    file = io.BytesIO(data)
    try:
        structs = ELFStructs(elfclass={1: 32, 2: 64}[data[4]],
                             little_endian={1: True, 2: False}[data[5]])
        structs.create_basic_structs()
        structs.create_advanced_structs()
        header = structs.Elf_Ehdr.parse_stream(file)
        file.seek(header.e_phoff)
        segments = [structs.Elf_Phdr.parse_stream(file)
                    for _ in range(header.e_phnum)]
        file.seek(header.e_shoff)
        sections = [structs.Elf_Shdr.parse_stream(file)
                    for _ in range(header.e_shnum)]
    # BytesIO.seek() raises OverflowError for an offset of 2**63 and more.
    except (LookupError, ConstructError, OverflowError) as exc:
        raise ValueError("damaged ELF file") from exc
    # e_shstrndx is not less than e_shnum where there are no sections at all.
    if (not data.startswith(_MAGIC) or header.e_shstrndx >= header.e_shnum
            or header.e_shentsize != structs.Elf_Shdr.sizeof()
            or (segments and header.e_phentsize != structs.Elf_Phdr.sizeof())
            or any(_segment_end(segment) > len(data) for segment in segments)
            or any(_section_end(section) > len(data)
                   for section in sections)):
        raise ValueError("damaged ELF file")
    return _Elf(data, structs, header, segments, sections)


def _is_dynamic(elf: _Elf) -> bool:
    return elf.header.e_type in _LINKED and any(
        segment.p_type in _DYNAMIC for segment in elf.segments)


def _build_id(elf: _Elf) -> str:
    for section in elf.sections:
        if elf.name(section) == b".note.gnu.build-id":
            note = elf.data[section.sh_offset:_section_end(section)]
            # After the header: "GNU\0", the note's name, then the id.
            start = elf.structs.Elf_Nhdr.sizeof() + 4
            if len(note) <= start:
                break
            size = elf.structs.Elf_Nhdr.parse(note).n_descsz
            return note[start:start + size].hex()
    raise ValueError("it has no build id")


def _debug(elf: _Elf) -> bytes:
    # Notes stay where they are, and with them the offset of each segment.
    kept = elf.headers + [
        (section.sh_offset, _section_end(section))
        for section in elf.sections
        if _is_loaded(section) and section.sh_type == "SHT_NOTE"]
    out = _only(elf, kept)
    place = elf.header.e_phoff
    for segment in elf.segments:
        end = max((end for start, end in kept if segment.p_offset <= start
                   and end <= _segment_end(segment)),
                  default=segment.p_offset)
        new = elf.structs.Elf_Phdr.build(_replace(
            segment, p_filesz=end - segment.p_offset))
        out[place:place + len(new)] = new
        place += len(new)
    return _assemble(elf, out, [
        (section if section.sh_type == "SHT_NOTE" or not _is_loaded(section)
         else _replace(section, sh_type="SHT_NOBITS"), elf.movable(section))
        for section in elf.sections], elf.header.e_shstrndx)


def _stripped(elf: _Elf, debuglink: bytes) -> bytes:
    out = _only(elf, elf.headers + [
        (segment.p_offset, _segment_end(segment))
        for segment in elf.segments] + [
        (section.sh_offset, _section_end(section))
        for section in elf.sections if _is_loaded(section)])
    names = bytearray()
    entries: list[_Entry] = []

    def add(name: bytes, section: Container,
            content: bytes | bytearray | memoryview | None) -> None:
        place = len(names) if name else 0
        entries.append((_replace(section, sh_name=place), content))
        names.extend(name + b"\0")

    for section in _remaining(elf):
        add(elf.name(section), section, elf.movable(section))
    add(b".gnu_debuglink", elf.new_section(
        sh_type="SHT_PROGBITS", sh_addralign=4), debuglink)
    add(b".shstrtab", elf.new_section(
        sh_type="SHT_STRTAB", sh_addralign=1), names)
    return _assemble(elf, out, entries, len(entries) - 1)


def _remaining(elf: _Elf) -> Iterator[Container]:
    """The sections of the stripped file.

    Symbols refer to loaded sections by number, so what is taken from
    before one of those leaves a hole.
    """
    loaded = {number for number, section in enumerate(elf.sections)
              if _is_loaded(section)}
    for number, section in enumerate(elf.sections):
        if _is_loaded(section) or not (
                section.sh_type in _DEBUG_TYPES
                or elf.name(section).startswith(_DEBUG_NAMES)):
            # Relocations of a static program may refer to .symtab.
            yield section if section.sh_link in loaded else _replace(
                section, sh_link=0)
        elif number < max(loaded, default=0):
            yield elf.new_section()


def _only(elf: _Elf, pieces: Iterable[tuple[int, int]]) -> bytearray:
    """Return the start of the file: *pieces*, and zeros between them."""
    pieces = [(start, end) for start, end in pieces if start < end]
    out = bytearray(max(end for _, end in pieces))
    for start, end in pieces:
        out[start:end] = elf.data[start:end]
    return out


def _assemble(elf: _Elf, out: bytearray, entries: Iterable[_Entry],
              shstrndx: int) -> bytes:
    """Add to *out* the contents that are given, and all section headers."""
    table = []
    for section, content in entries:
        if content is not None:
            out += bytes(-len(out) % max(section.sh_addralign, 1))
            section = _replace(section, sh_offset=len(out),
                               sh_size=len(content))
            out += content
        table.append(elf.structs.Elf_Shdr.build(section))
    out += bytes(-len(out) % (elf.structs.elfclass // 8))
    header = elf.structs.Elf_Ehdr.build(_replace(
        elf.header, e_shoff=len(out), e_shstrndx=shstrndx, e_shnum=len(table)))
    out[:len(header)] = header
    return b"".join((out, *table))
