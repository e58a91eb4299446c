"""Disassemble an ELF object file as `llvm-objdump -d` does.

CPython's Tools/jit looks for the one call in the function that enters the
JIT's code.
"""

from collections.abc import Iterator
from pathlib import Path

import capstone
from elftools.elf.elffile import ELFFile

from standalone.toolchain.jit import command

_EXECINSTR = 0x4                 # SHF_EXECINSTR


def shown(path: Path) -> Iterator[str]:
    """Yield the lines of the disassembly of *path*."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        disassembler = _disassembler(elf["e_machine"])
        for section in elf.iter_sections("SHT_PROGBITS"):
            if section["sh_flags"] & _EXECINSTR and section["sh_size"]:
                yield f"\nDisassembly of section {section.name}:\n\n"
                for found in disassembler.disasm(section.data(), 0):
                    yield (f"{found.address:8x}: {found.bytes.hex(' ')}"
                           f"\t{found.mnemonic}\t{found.op_str}\n")


def _disassembler(machine: str) -> capstone.Cs:
    if machine == "EM_AARCH64":
        return capstone.Cs(capstone.CS_ARCH_ARM64,
                           capstone.CS_MODE_LITTLE_ENDIAN)
    found = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    found.syntax = capstone.CS_OPT_SYNTAX_ATT
    return found


if __name__ == "__main__":
    command.run(shown)
