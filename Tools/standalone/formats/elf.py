"""Read facts about one ELF file.

What it says of itself, no judgement: that is ``validate``'s.  Constants: the
System V gABI and psABIs, https://gitlab.com/x86-psABIs/x86-64-ABI, and
glibc's <elf.h>.
"""

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.dynamic import DynamicSection, DynamicTag
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import (
    NoteSection,
    Section,
    Symbol,
    SymbolTableSection,
)

from standalone.core.errors import ValidationError

_DF_TEXTREL, _DF_BIND_NOW = 0x4, 0x8                 # DT_FLAGS
_DF_1_NOW, _DF_1_PIE = 0x1, 0x08000000               # DT_FLAGS_1
_PF_X, _PF_W = 0x1, 0x2                              # p_flags
_SHF_EXECINSTR = 0x4                                 # sh_flags
_IBT, _SHSTK = 0x1, 0x2                              # X86_FEATURE_1_AND
# pyelftools calls the value 10 STB_LOOS; glibc calls it STB_GNU_UNIQUE.
_GLOBAL = {"STB_GLOBAL", "STB_WEAK", "STB_LOOS"}
_VISIBLE = {"STV_DEFAULT", "STV_PROTECTED"}
_NAMES = {".debug_str", ".debug_line_str", ".strtab"}


@dataclass(frozen=True, order=True)
class SymbolVersion:
    """A symbol version of a library that the file needs."""

    library: str                 # libc.so.6
    name: str                    # GLIBC_2.17

    @property
    def family(self) -> str:
        """The part before the number: ``GLIBC``."""
        return self.name.rpartition("_")[0]

    @property
    def number(self) -> tuple[int, ...]:
        """The number, as in ``(2, 17)``; empty for ``GLIBC_PRIVATE``."""
        parts = self.name.rpartition("_")[2].split(".")
        if all(part.isdecimal() for part in parts):
            return tuple(map(int, parts))
        return ()


@dataclass(frozen=True)
class Facts:
    """The facts about an ELF file, with the names of the ELF standard."""

    machine: str                 # EM_X86_64
    bits: int                    # 32 or 64
    type: str                    # ET_EXEC, ET_DYN, ET_REL
    interp: str | None           # the dynamic loader that PT_INTERP names
    needed: tuple[str, ...]      # in the loader's order
    soname: str | None
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]
    versions: tuple[SymbolVersion, ...]      # needed, sorted
    exported: frozenset[str]     # dynamic symbols that others can bind to
    undefined: frozenset[str]    # dynamic symbols bound elsewhere
    defined: frozenset[str]      # in either symbol table, local ones too
    pie: bool
    relro: bool
    bind_now: bool
    exec_stack: bool             # requested, or the default
    wx: bool                     # a segment is writable and executable
    textrel: bool
    build_id: str | None         # in hex
    cpu_level: int | None        # psABI level needed; None if not marked
    ibt: bool
    shstk: bool
    has_debug: bool              # .debug_* sections
    has_symtab: bool

    @property
    def inits(self) -> frozenset[str]:
        """The init functions of extension modules."""
        return frozenset(name for name in self.defined
                         if name.startswith("PyInit_"))

    def hook(self, module: str) -> str | None:
        """Return the function with which this file exports *module*.

        PyModExport_* (PEP 793, CPython 3.15) comes before PyInit_*.
        """
        return next((name for name in (f"PyModExport_{module}",
                                       f"PyInit_{module}")
                     if name in self.exported), None)


def read(path: Path) -> Facts | None:
    """Return the facts about *path*, or None if it is not an ELF file.

    Raises ValidationError for a damaged ELF file.
    """
    with path.open("rb") as file:
        return _read(file, path)


def parse(data: bytes, name: str, *, notes: bool = False) -> Facts | None:
    """Return the facts about a file in memory, as `read` does.

    *name* is used in error messages.  With *notes*, read only the header
    and the notes.  That is enough for the members of static libraries,
    which have 300,000 sections, one per function, and pyelftools is slow.
    """
    return _read(io.BytesIO(data), name, notes)


def _read(file: BinaryIO, name: Path | str,
          notes: bool = False) -> Facts | None:
    if file.read(4) != b"\x7fELF":
        return None
    try:
        elf = ELFFile(file)
        return _facts(elf, list(
            _notes(elf) if notes else elf.iter_sections()))
    except (ELFError, ConstructError, ValueError, OSError,
            struct.error) as exc:
        # OSError: an offset that is outside the range of seek().
        raise ValidationError(f"damaged ELF file: {name}: {exc}") from exc


def names(path: Path) -> bytes | None:
    """Return the string tables of *path*, or None if it is not ELF.

    They are those of the debug information and of the symbol table; each
    string is between NULs.
    """
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return None
        return b"\0".join(section.data() for section
                          in ELFFile(file).iter_sections()
                          if section.name in _NAMES)


def _notes(elf: ELFFile) -> Iterator[Section]:
    """Yield the sections with a name that starts with ``.note.``."""
    elf.stream.seek(elf["e_shoff"])
    size = elf["e_shentsize"]
    headers = elf.stream.read(size * elf["e_shnum"])
    names = elf.get_section(elf["e_shstrndx"]).data()
    # sh_name is the first word of Elf32_Shdr and of Elf64_Shdr.
    words = struct.iter_unpack(
        f"{'<' if elf.little_endian else '>'}I{size - 4}x", headers)
    for number, (name,) in enumerate(words):
        if names.startswith(b".note.", name):
            yield elf.get_section(number)


def _facts(elf: ELFFile, sections: list[Section]) -> Facts:
    names = {section.name for section in sections}
    segments = [(segment["p_type"], segment["p_flags"])
                for segment in elf.iter_segments()]
    tags = [tag for section in sections
            if isinstance(section, DynamicSection)
            for tag in section.iter_tags()]
    kinds = {tag.entry.d_tag: tag.entry.d_val for tag in tags}
    flags = kinds.get("DT_FLAGS", 0)
    flags_1 = kinds.get("DT_FLAGS_1", 0)
    interp = _interp(sections)
    symbols = list(_symbols(sections, "SHT_DYNSYM"))
    properties = dict(_properties(sections))
    level = properties.get("GNU_PROPERTY_X86_ISA_1_NEEDED")
    features = properties.get("GNU_PROPERTY_X86_FEATURE_1_AND", 0)
    return Facts(
        machine=elf["e_machine"],
        bits=elf.elfclass,
        type=elf["e_type"],
        interp=interp,
        needed=_strings(tags, "DT_NEEDED"),
        soname=next(iter(_strings(tags, "DT_SONAME")), None),
        rpath=_split(_strings(tags, "DT_RPATH")),
        runpath=_split(_strings(tags, "DT_RUNPATH")),
        versions=tuple(sorted(_versions(sections))),
        exported=frozenset(s.name for s in symbols if _is_exported(s)),
        undefined=frozenset(s.name for s in symbols
                            if s.name and not _is_defined(s)),
        defined=frozenset(
            symbol.name for kind in ("SHT_DYNSYM", "SHT_SYMTAB")
            for symbol in _symbols(sections, kind) if _is_defined(symbol)),
        # Old linkers do not set DF_1_PIE; libraries have no PT_INTERP.
        pie=elf["e_type"] == "ET_DYN" and (
            bool(flags_1 & _DF_1_PIE) or interp is not None),
        relro="PT_GNU_RELRO" in dict(segments),
        bind_now="DT_BIND_NOW" in kinds or bool(flags & _DF_BIND_NOW)
        or bool(flags_1 & _DF_1_NOW),
        exec_stack=_exec_stack(elf, sections, dict(segments)),
        wx=any(kind == "PT_LOAD" and access & _PF_W and access & _PF_X
               for kind, access in segments),
        textrel="DT_TEXTREL" in kinds or bool(flags & _DF_TEXTREL),
        build_id=_build_id(sections),
        # One bit per level; the lowest is the baseline.
        cpu_level=level.bit_length() if level else None,
        ibt=bool(features & _IBT),
        shstk=bool(features & _SHSTK),
        has_debug=any(name.startswith((".debug_", ".zdebug_"))
                      for name in names),
        has_symtab=".symtab" in names)


def _exec_stack(elf: ELFFile, sections: Iterable[Section],
                segments: Mapping[str, int]) -> bool:
    """Return whether the file requests an executable stack.

    A program without PT_GNU_STACK gets one.  So does a program that GNU
    ld links from an object without .note.GNU-stack.
    """
    if elf["e_type"] != "ET_REL":
        return bool(segments.get("PT_GNU_STACK", _PF_X) & _PF_X)
    return not any(section.name == ".note.GNU-stack"
                   and not section["sh_flags"] & _SHF_EXECINSTR
                   for section in sections)


def _interp(sections: Iterable[Section]) -> str | None:
    # Read the section: in a separate debug file, the offset of PT_INTERP
    # points at unrelated bytes.
    for section in sections:
        if section.name == ".interp" and section["sh_type"] != "SHT_NOBITS":
            name: bytes = section.data()
            return name.rstrip(b"\0").decode()
    return None


def _strings(tags: Iterable[DynamicTag], kind: str) -> tuple[str, ...]:
    # pyelftools names the attribute after the tag: .needed for DT_NEEDED.
    return tuple(getattr(tag, kind.removeprefix("DT_").lower())
                 for tag in tags if tag.entry.d_tag == kind)


def _split(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for path in paths for part in path.split(":"))


def _versions(sections: Iterable[Section]) -> Iterator[SymbolVersion]:
    for section in sections:
        if isinstance(section, GNUVerNeedSection):
            for library, versions in section.iter_versions():
                for version in versions:
                    yield SymbolVersion(library.name or "", version.name)


def _symbols(sections: Iterable[Section], kind: str) -> Iterator[Symbol]:
    for section in sections:
        if (isinstance(section, SymbolTableSection)
                and section["sh_type"] == kind):
            yield from section.iter_symbols()


def _is_defined(symbol: Symbol) -> bool:
    return bool(symbol["st_shndx"] != "SHN_UNDEF")


def _is_exported(symbol: Symbol) -> bool:
    return (_is_defined(symbol)
            and symbol["st_info"]["bind"] in _GLOBAL
            and symbol["st_other"]["visibility"] in _VISIBLE)


def _properties(sections: Iterable[Section]) -> Iterator[tuple[str, int]]:
    for section in sections:
        if isinstance(section, NoteSection):
            for note in section.iter_notes():
                if (note["n_type"] == "NT_GNU_PROPERTY_TYPE_0"
                        and note["n_name"] == "GNU"):
                    for item in note["n_desc"]:
                        yield item.pr_type, item.pr_data


def _build_id(sections: Iterable[Section]) -> str | None:
    for section in sections:
        if section.name == ".note.gnu.build-id":
            assert isinstance(section, NoteSection)
            for note in section.iter_notes():
                return str(note["n_desc"])
    return None
