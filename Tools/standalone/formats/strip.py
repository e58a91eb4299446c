"""A linked ELF file → what runs, and what a debugger wants.

Fresh machines have no ``strip``, and zig's ``objcopy`` does not do it yet.
All that a process maps stays at its place in the file, so no address,
segment or alignment changes.  Format: the System V gABI,
https://gabi.xinuos.com/; how a debugger finds the other file:
https://sourceware.org/gdb/current/onlinedocs/gdb.html/Separate-Debug-Files.html
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from standalone.core.errors import BuildError

_MAGIC = b"\x7fELF"
_WORDS = {b"\1": "I", b"\2": "Q"}                    # EI_CLASS, for struct
_ORDERS = {b"\1": "<", b"\2": ">"}                   # EI_DATA, for struct
_LINKED = {2, 3}                                     # ET_EXEC, ET_DYN
_DYNAMIC = {2, 3}                                    # PT_DYNAMIC, PT_INTERP
_NULL, _PROGBITS, _STRTAB, _NOTE, _NOBITS = 0, 1, 3, 7, 8        # SHT_*
_ALLOC = 0x2                                         # SHF_ALLOC
# What `strip --strip-all` takes of what is not loaded: these types (the
# numbers are SHT_SYMTAB, RELA, REL, GROUP, SYMTAB_SHNDX) and these names,
# but not .comment.  The last is ours to make anew.
_DEBUG_TYPES = {2, _STRTAB, 4, 9, 17, 18}
_DEBUG_NAMES = (b".debug", b".zdebug", b".gdb_index", b".gnu_debuglink")

# The structures below as struct has them, W being a word of 4 or 8 bytes;
# segments also differ in order, and the place of p_filesz is needed.
_HEADER, _SECTION = "16sHHIWWWI6H", "IIWWWWIIWW"
_SEGMENT = {"I": "II8xI12x", "Q": "I4xQ16xQ16x"}
_FILESZ = {"I": 16, "Q": 32}


class _Header(NamedTuple):
    """Elf32_Ehdr or Elf64_Ehdr: the order of the fields is the same."""

    ident: bytes
    type: int
    machine: int
    version: int
    entry: int
    phoff: int
    shoff: int
    flags: int
    ehsize: int
    phentsize: int
    phnum: int
    shentsize: int
    shnum: int
    shstrndx: int


class _Segment(NamedTuple):
    """What matters here of an Elf32_Phdr or Elf64_Phdr."""

    type: int
    offset: int
    size: int                    # in the file

    @property
    def end(self) -> int:
        """Where it ends in the file; 0 if nothing of it is there."""
        return self.offset + self.size if self.size else 0


class _Section(NamedTuple):
    """Elf32_Shdr or Elf64_Shdr: the order of the fields is the same."""

    name: int
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    addralign: int
    entsize: int

    @property
    def end(self) -> int:
        """Where it ends in the file; 0 if nothing of it is there."""
        return self.offset + self.size if self.has_content else 0

    @property
    def has_content(self) -> bool:
        """Is it in the file?"""
        return self.type not in {_NULL, _NOBITS}

    @property
    def is_loaded(self) -> bool:
        """Is it part of the process?"""
        return bool(self.flags & _ALLOC)


#: A section, and its content if that is not at its place already.
_Entry = tuple[_Section, bytes | bytearray | memoryview | None]
_EMPTY = _Section._make(bytes(10))       # ten zeros: SHT_NULL


@dataclass(frozen=True)
class _Elf:
    """A file taken to pieces."""

    data: bytes
    order: str                   # "<" or ">"
    word: str                    # "I" or "Q"
    header: _Header
    segments: list[_Segment]
    sections: list[_Section]

    def movable(self, section: _Section) -> memoryview | None:
        """Its bytes in the file, if their place does not matter."""
        if section.has_content and not section.is_loaded:
            return memoryview(self.data)[section.offset:section.end]
        return None

    def name(self, section: _Section) -> bytes:
        """Such as ``.text``."""
        table = self.sections[self.header.shstrndx]
        names = self.data[table.offset:table.end]
        return names[section.name:].partition(b"\0")[0]

    @property
    def headers(self) -> list[tuple[int, int]]:
        """Start and end of the ELF header and of the program headers."""
        start = self.header.phoff
        return [(0, _struct(self.order, self.word, _HEADER).size), (
            start, start + self.header.phnum * self.header.phentsize)]


def _struct(order: str, word: str, fields: str) -> struct.Struct:
    return struct.Struct(order + fields.replace("W", word))


def split(data: bytes, debuglink: str) -> tuple[bytes, bytes]:
    """The stripped file and its debug file.

    As from ``strip --strip-all`` and ``objcopy --only-keep-debug``: the
    debug file keeps the number and address of every section, so that its
    symbols stay true, but of what is loaded only the notes.  *debuglink*
    is the debug file's name, which the stripped one records.

    Raises ValueError if *data* is no linked ELF file, or a damaged one.
    """
    elf = _parse(data)
    if elf.header.type not in _LINKED:
        raise ValueError("not linked")
    debug = _debug(elf)
    name = os.fsencode(debuglink)
    link = name + bytes(4 - len(name) % 4) + struct.pack(
        f"{elf.order}I", zlib.crc32(debug))
    return _stripped(elf, link), debug


def split_tree(tree: Path, stripped: Path, debug: Path) -> None:
    """Split all dynamic programs and libraries below *tree*.

    A stripped file has the same name below *stripped*.  A debug file is
    found by build id if the debugger's ``debug-file-directory`` is
    *debug*/lib/debug, and without any setting if *debug* is laid over
    *stripped*, through a link in ``.debug/`` beside the stripped file.

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
    view = memoryview(data)
    try:
        order, word = _ORDERS[data[5:6]], _WORDS[data[4:5]]
        header = _Header._make(
            _struct(order, word, _HEADER).unpack_from(data))
        segments = [_Segment._make(fields) for fields in _struct(
            order, word, _SEGMENT[word]).iter_unpack(
                view[header.phoff:][:header.phnum * header.phentsize])]
        sections = [_Section._make(fields) for fields in _struct(
            order, word, _SECTION).iter_unpack(
                view[header.shoff:][:header.shnum * header.shentsize])]
    except (KeyError, struct.error) as exc:
        raise ValueError("damaged ELF file") from exc
    # shstrndx is not less than shnum where there are no sections at all.
    if (not data.startswith(_MAGIC) or len(segments) != header.phnum
            or len(sections) != header.shnum
            or header.shstrndx >= header.shnum
            or any(segment.end > len(data) for segment in segments)
            or any(section.end > len(data) for section in sections)):
        raise ValueError("damaged ELF file")
    return _Elf(data, order, word, header, segments, sections)


def _is_dynamic(elf: _Elf) -> bool:
    return elf.header.type in _LINKED and any(
        segment.type in _DYNAMIC for segment in elf.segments)


def _build_id(elf: _Elf) -> str:
    for section in elf.sections:
        if elf.name(section) == b".note.gnu.build-id":
            # An Elf64_Nhdr, the same as Elf32_Nhdr; then "GNU\0".
            size, = struct.unpack_from(f"{elf.order}4xI", elf.data,
                                       section.offset)
            start = section.offset + 16
            return elf.data[start:start + size].hex()
    raise ValueError("it has no build id")


def _debug(elf: _Elf) -> bytes:
    # Notes stay where they are, and with them the offset of each segment.
    kept = elf.headers + [
        (section.offset, section.end) for section in elf.sections
        if section.is_loaded and section.type == _NOTE]
    out = _only(elf, kept)
    for number, segment in enumerate(elf.segments):
        end = max((end for start, end in kept
                   if segment.offset <= start and end <= segment.end),
                  default=segment.offset)
        place = elf.header.phoff + number * elf.header.phentsize
        struct.pack_into(elf.order + elf.word, out,
                         place + _FILESZ[elf.word], end - segment.offset)
    return _assemble(elf, out, [
        (section if section.type == _NOTE or not section.is_loaded
         else section._replace(type=_NOBITS), elf.movable(section))
        for section in elf.sections], elf.header.shstrndx)


def _stripped(elf: _Elf, debuglink: bytes) -> bytes:
    out = _only(elf, elf.headers + [
        (segment.offset, segment.end) for segment in elf.segments] + [
        (section.offset, section.end) for section in elf.sections
        if section.is_loaded])
    names = bytearray()
    entries: list[_Entry] = []

    def add(name: bytes, section: _Section,
            content: bytes | bytearray | memoryview | None) -> None:
        place = len(names) if name else 0
        entries.append((section._replace(name=place), content))
        names.extend(name + b"\0")

    for section in _remaining(elf):
        add(elf.name(section), section, elf.movable(section))
    add(b".gnu_debuglink", _EMPTY._replace(type=_PROGBITS, addralign=4),
        debuglink)
    add(b".shstrtab", _EMPTY._replace(type=_STRTAB, addralign=1), names)
    return _assemble(elf, out, entries, len(entries) - 1)


def _remaining(elf: _Elf) -> Iterator[_Section]:
    """The sections of the stripped file.

    Symbols refer to loaded sections by number, so what is taken from
    before one of those leaves a hole.
    """
    loaded = {number for number, section in enumerate(elf.sections)
              if section.is_loaded}
    for number, section in enumerate(elf.sections):
        if section.is_loaded or not (
                section.type in _DEBUG_TYPES
                or elf.name(section).startswith(_DEBUG_NAMES)):
            # Relocations of a static program may refer to .symtab.
            yield section._replace(
                link=section.link if section.link in loaded else 0)
        elif number < max(loaded, default=0):
            yield _EMPTY


def _only(elf: _Elf, pieces: Iterable[tuple[int, int]]) -> bytearray:
    """The start of the file, zero but for some *pieces* of it."""
    pieces = [(start, end) for start, end in pieces if start < end]
    out = bytearray(max(end for _, end in pieces))
    for start, end in pieces:
        out[start:end] = elf.data[start:end]
    return out


def _assemble(elf: _Elf, out: bytearray, entries: Iterable[_Entry],
              shstrndx: int) -> bytes:
    """Add to *out* the contents that are given, and all section headers."""
    fields = _struct(elf.order, elf.word, _SECTION)
    table = bytearray()
    for section, content in entries:
        if content is not None:
            out += bytes(-len(out) % max(section.addralign, 1))
            section = section._replace(offset=len(out), size=len(content))
            out += content
        table += fields.pack(*section)
    out += bytes(-len(out) % struct.calcsize(elf.word))
    header = elf.header._replace(shoff=len(out), shstrndx=shstrndx,
                                 shnum=len(table) // fields.size)
    _struct(elf.order, elf.word, _HEADER).pack_into(out, 0, *header)
    return bytes(out + table)
