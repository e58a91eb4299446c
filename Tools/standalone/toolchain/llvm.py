"""What training needs of an LLVM on this machine.

zig's wheel contains clang, but neither the library that writes profiles
nor the program that merges them.  Those of an older LLVM will do.
"""

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from standalone.core.errors import BuildError, UsageError
from standalone.core.platform import Architecture
from standalone.core.process import output

#: The oldest LLVM whose profiles current clang can write and read.
OLDEST = 19

# Debian has llvm-19/bin, Alpine llvm19/bin and Fedora lib64/llvm19/bin.
_INSTALLED = ("/usr/lib/llvm*/bin", "/usr/lib64/llvm*/bin")
_PROFDATA = "llvm-profdata"
# Debian and upstream have the first, Fedora the second, in the directory of
# a version of clang.
_RUNTIMES = ("lib/clang/*/lib/linux/libclang_rt.profile-{arch}.a",
             "lib/clang/*/lib/{arch}-*/libclang_rt.profile.a")
_HINT = (f"install LLVM {OLDEST} or newer, for example with `apt-get install "
         f"llvm-{OLDEST} libclang-rt-{OLDEST}-dev`")


@dataclass(frozen=True)
class Tools:
    """The tools of one LLVM: *version* is "19.1.7"."""

    version: str
    profdata: Path               # merges profiles
    runtime: Path                # the library that writes them


def find(arch: Architecture) -> Tools:
    """Return the tools of the newest LLVM that has them.

    Raises UsageError if none is new enough.
    """
    found = [Tools(version, program, runtimes[-1])
             for program, version in _programs()
             if (runtimes := _runtimes(program, arch))]
    if not found:
        raise UsageError(
            f"training needs {_PROFDATA} and libclang_rt.profile of LLVM "
            f"{OLDEST} or newer, which are not on this machine", hint=_HINT)
    return max(found, key=lambda tools: _numbers(tools.version))


def _programs() -> Iterator[tuple[Path, str]]:
    """Yield each llvm-profdata that is new enough, with its version."""
    directories = [*map(Path, os.environ.get("PATH", os.defpath).split(
        os.pathsep)), *(Path(name) for pattern in _INSTALLED
                        for name in glob.glob(pattern))]
    for directory in directories:
        program = directory / _PROFDATA
        if program.is_file():
            version = _version(program.resolve())
            if _numbers(version) >= (OLDEST,):
                yield program.resolve(), version


def _version(program: Path) -> str:
    """Return the version; "0" of old programs, which do not print it."""
    try:
        text = output([str(program), "--version"])
    except BuildError:
        return "0"
    found = re.search(r"LLVM version ([\d.]+\d)", text)
    return found[1] if found else "0"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _runtimes(program: Path, arch: Architecture) -> list[Path]:
    top = program.parents[1]
    return sorted(path for pattern in _RUNTIMES
                  for path in top.glob(pattern.format(arch=arch.name)))
