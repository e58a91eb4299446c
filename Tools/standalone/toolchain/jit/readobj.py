"""Print an ELF object file as `llvm-readobj --elf-output-style=JSON` does.

CPython's Tools/jit reads the stencils of the JIT from that.  The output has
the sections with their data, symbols and relocations:

    llvm-readobj --elf-output-style=JSON --expand-relocs --section-data
        --section-relocations --section-symbols --sections FILE

The numbers come from the System V gABI, and their names from LLVM.
https://llvm.org/docs/CommandGuide/llvm-readobj.html
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.enums import (
    ENUM_RELOC_TYPE_AARCH64,
    ENUM_SH_TYPE_AARCH64,
    ENUM_SH_TYPE_AMD64,
    ENUM_ST_INFO_BIND,
    ENUM_ST_INFO_TYPE,
    ENUM_ST_SHNDX,
    ENUM_ST_VISIBILITY,
    ENUM_RELOC_TYPE_x64,
)
from elftools.elf.sections import Section, Symbol

from standalone.toolchain.jit import command

_FORMATS = {"EM_X86_64": ("elf64-x86-64", "x86_64"),
            "EM_AARCH64": ("elf64-littleaarch64", "aarch64")}
# The numbers 41 and 42 have no names in pyelftools.
_RELOCATIONS: Mapping[str, Mapping[int, str]] = {
    "EM_X86_64": {
        **{number: name for name, number in ENUM_RELOC_TYPE_x64.items()},
        41: "R_X86_64_GOTPCRELX", 42: "R_X86_64_REX_GOTPCRELX"},
    "EM_AARCH64": {
        number: name for name, number in ENUM_RELOC_TYPE_AARCH64.items()}}
_SECTIONS = {"EM_X86_64": ENUM_SH_TYPE_AMD64,
             "EM_AARCH64": ENUM_SH_TYPE_AARCH64}

# pyelftools has other names, or none.
_SECTION_TYPES = {0x6fff4c03: "SHT_LLVM_ADDRSIG",
                  0x70000001: "SHT_X86_64_UNWIND"}
_FLAGS = {0x1: "SHF_WRITE", 0x2: "SHF_ALLOC", 0x4: "SHF_EXECINSTR",
          0x10: "SHF_MERGE", 0x20: "SHF_STRINGS", 0x40: "SHF_INFO_LINK",
          0x80: "SHF_LINK_ORDER", 0x200: "SHF_GROUP", 0x400: "SHF_TLS",
          0x80000000: "SHF_EXCLUDE"}
_LARGE = 0x10000000              # SHF_X86_64_LARGE
_BINDINGS = {0: "Local", 1: "Global", 2: "Weak", 10: "Unique"}
_SYMBOL_TYPES = {0: "None", 1: "Object", 2: "Function", 3: "Section",
                 4: "File", 5: "Common", 6: "TLS", 10: "GNU_IFunc"}
_INDICES = {0: "Undefined", 0xfff1: "Absolute", 0xfff2: "Common"}
_UNSIGNED = 1 << 64              # LLVM prints addends without a sign


def shown(path: Path) -> Iterator[str]:
    """Yield the JSON text about *path*, without a newline at its end."""
    with path.open("rb") as stream:
        file = _File(ELFFile(stream))
        form, arch = _FORMATS[file.machine]
        yield json.dumps([{
            "FileSummary": {
                "File": str(path), "Format": form, "Arch": arch,
                "AddressSize": "64bit", "LoadName": "<Not found>"},
            "Sections": [{"Section": file.section(number, section)}
                         for number, section in enumerate(file.sections)]}],
            separators=(",", ":"))


class _File:
    """An object file, with the symbols of each section."""

    def __init__(self, elf: ELFFile) -> None:
        self.machine = elf["e_machine"]
        self.sections = list(elf.iter_sections())
        table = next(section for section in self.sections
                     if section["sh_type"] == "SHT_SYMTAB")
        self.symbols = [(_index(symbol), symbol)
                        for symbol in table.iter_symbols()]

    def section(self, number: int, section: Section) -> dict[str, object]:
        """Return the description of a section."""
        kind = _number(section["sh_type"], _SECTIONS[self.machine])
        relocations = ([{"Relocation": self.relocation(found)}
                        for found in section.iter_relocations()]
                       if section["sh_type"] == "SHT_RELA" else [])
        return {
            "Index": number,
            "Name": _named(section.name, section["sh_name"]),
            "Type": _named(_SECTION_TYPES.get(kind, section["sh_type"]),
                           kind),
            "Flags": _flags(section["sh_flags"], self.flags()),
            "Address": section["sh_addr"], "Offset": section["sh_offset"],
            "Size": section["sh_size"], "Link": section["sh_link"],
            "Info": section["sh_info"],
            "AddressAlignment": section["sh_addralign"],
            "EntrySize": section["sh_entsize"],
            "Relocations": relocations,
            "Symbols": [{"Symbol": self.symbol(symbol)}
                        for index, symbol in self.symbols
                        if index == number and number],
            **({} if section["sh_type"] == "SHT_NOBITS" else {
                "SectionData": {"Offset": 0,
                                "Bytes": list(section.data())}})}

    def flags(self) -> Mapping[int, str]:
        """Return the names of a section's flags."""
        return _FLAGS | ({_LARGE: "SHF_X86_64_LARGE"}
                         if self.machine == "EM_X86_64" else {})

    def relocation(self, found: Mapping[str, int]) -> dict[str, object]:
        """Return the description of a relocation."""
        kind = found["r_info_type"]
        _, symbol = self.symbols[found["r_info_sym"]]
        return {"Offset": found["r_offset"],
                "Type": _named(_RELOCATIONS[self.machine][kind], kind),
                "Symbol": _named(self.name(symbol), found["r_info_sym"]),
                "Addend": found["r_addend"] % _UNSIGNED}

    def symbol(self, symbol: Symbol) -> dict[str, object]:
        """Return the description of a symbol."""
        info = symbol.entry["st_info"]
        visible = symbol.entry["st_other"]["visibility"]
        index = _index(symbol)
        return {"Name": _named(self.name(symbol), symbol["st_name"]),
                "Value": symbol["st_value"], "Size": symbol["st_size"],
                "Binding": _called(info["bind"], ENUM_ST_INFO_BIND,
                                   _BINDINGS),
                "Type": _called(info["type"], ENUM_ST_INFO_TYPE,
                                _SYMBOL_TYPES),
                "Other": _visibility(visible),
                "Section": _named(
                    _INDICES.get(index) or self.sections[index].name, index)}

    def name(self, symbol: Symbol) -> str:
        """Return a symbol's name; sections' symbols have their names."""
        if symbol.entry["st_info"]["type"] == "STT_SECTION":
            return str(self.sections[_index(symbol)].name)
        return str(symbol.name)


def _index(symbol: Symbol) -> int:
    """Return the index of the section that defines a symbol."""
    return _number(symbol["st_shndx"], ENUM_ST_SHNDX)


def _number(name: str | int, names: Mapping[str, int]) -> int:
    """Undo pyelftools' translation of a number to a name."""
    return name if isinstance(name, int) else names[name]


def _named(name: str, value: int) -> dict[str, object]:
    return {"Name": name, "Value": value}


def _called(name: str | int, names: Mapping[str, int],
            titles: Mapping[int, str]) -> dict[str, object]:
    number = _number(name, names)
    return _named(titles[number], number)


def _visibility(name: str) -> dict[str, object]:
    value = ENUM_ST_VISIBILITY[name]
    return {"Value": value, "Flags": [_named(name, value)] if value else []}


def _flags(value: int, names: Mapping[int, str]) -> dict[str, object]:
    return {"Value": value, "Flags": [
        _named(name, bit) for bit, name in sorted(
            names.items(), key=lambda item: item[1]) if value & bit]}


if __name__ == "__main__":
    command.run(shown)
