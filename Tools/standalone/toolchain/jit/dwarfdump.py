"""Print the call frame information of an ELF file as llvm-dwarfdump does.

CPython's Tools/jit reads from `llvm-dwarfdump --eh-frame FILE` how to unwind
the function that enters the JIT's code.  It reads the numbers in the common
entries and the rows, and only these are printed.

https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/ehframechpt.html
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from elftools.dwarf.callframe import CIE, FDE
from elftools.elf.elffile import ELFFile

from standalone.toolchain.jit import command

# The registers' numbers in DWARF, from the psABIs.
# https://gitlab.com/x86-psABIs/x86-64-ABI
# https://github.com/ARM-software/abi-aa/blob/main/aadwarf64/aadwarf64.rst
_X86_64 = ("RAX", "RDX", "RCX", "RBX", "RSI", "RDI", "RBP", "RSP",
           *(f"R{number}" for number in range(8, 16)), "RIP")
_AARCH64 = (*(f"W{number}" for number in range(31)), "WSP")
_REGISTERS = {"EM_X86_64": _X86_64, "EM_AARCH64": _AARCH64}


def shown(path: Path) -> Iterator[str]:
    """Yield the lines about the .eh_frame section of *path*."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        names = _REGISTERS[elf["e_machine"]]
        dwarf = elf.get_dwarf_info()
        for entry in dwarf.EH_CFI_entries() if dwarf.has_EH_CFI() else ():
            if isinstance(entry, CIE):
                yield from _common(entry)
            elif isinstance(entry, FDE):
                yield from _rows(entry, names)


def _common(entry: CIE) -> Iterator[str]:
    yield f"{entry.offset:08x} CIE\n"
    for title, field in (
            ("Code alignment factor", "code_alignment_factor"),
            ("Data alignment factor", "data_alignment_factor"),
            ("Return address column", "return_address_register")):
        yield f"  {title}: {entry[field]}\n"


def _rows(entry: FDE, names: tuple[str, ...]) -> Iterator[str]:
    yield f"\n{entry.offset:08x} FDE\n"
    for row in entry.get_decoded().table:
        cfa = row["cfa"]
        saved = ", ".join(
            f"{names[number]}=[CFA{_signed(rule.arg)}]"
            for number, rule in _saved(row))
        yield (f"  {row['pc']:#x}: CFA={names[cfa.reg]}{_signed(cfa.offset)}"
               f"{': ' * bool(saved)}{saved}\n")


def _saved(row: Mapping[Any, Any]) -> list[tuple[int, Any]]:
    """Return the registers of *row* that are saved in the frame."""
    return sorted((number, rule) for number, rule in row.items()
                  if isinstance(number, int) and rule.type == "OFFSET")


def _signed(offset: int) -> str:
    """Return an offset as LLVM prints it: nothing for zero."""
    return f"{offset:+d}" if offset else ""


if __name__ == "__main__":
    command.run(shown)
