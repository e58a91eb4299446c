"""Compilers behind wrapper scripts with ordinary names.

CPython records the compiler it was configured with, and extension
builders use that record.  So it is configured with ``cc``, ``c++`` and
``ar``, and everything particular to our compilers is in wrapper scripts
of those names that stand first on PATH while we build.

All three compile and link against the sysroot of sysroot.py.  It has no
C++ library: ``c++`` compiles, and links what needs none of it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from standalone.core import stamp
from standalone.core.errors import BuildError, UsageError
from standalone.core.layout import Layout
from standalone.core.platform import Platform
from standalone.core.process import output
from standalone.toolchain import sysroot
from standalone.toolchain.flags import DEPENDENCY

if TYPE_CHECKING:
    from standalone.request import Config

#: The first is the default.
TOOLCHAINS = ("zig", "llvm", "gcc")
#: What must be installed for each.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "zig": (),
    "gcc": ("gcc", "g++"),
    "llvm": ("clang", "clang++", "ld.lld", "llvm-ar", "llvm-ranlib",
             "llvm-profdata"),
}
#: The Python package with the first, and with the C library of all.
PACKAGE = "ziglang"

#: What the work directory is called in debug information.
BUILD_PREFIX = "/usr/src/standalone"

# Debian has llvm-19/bin here, Alpine llvm19/bin, Fedora llvm19/bin there.
_LIBRARIES = ("/usr/lib", "/usr/lib64")

# Ample for an interpreter; what was not used for a week goes.
# https://clang.llvm.org/docs/ThinLTO.html#cache-pruning
_CACHE_POLICY = "prune_after=168h:cache_size_bytes=2g"


@dataclass(frozen=True)
class Toolchain:
    """Text files by their path below the toolchain's directory, those in
    bin/ being programs, and what tells one compiler from another."""

    name: str
    compiler: tuple[str, ...]    # the program, as words of a command
    files: Mapping[str, str]
    version: str = ""            # what it says of itself

    def object_format(self, flavour: str) -> str:
        """What object files are in: elf, or llvm-bitcode:22.1.8."""
        if flavour != "lto":
            return "elf"
        found = re.search(r"clang version ([\d.]+)",
                          output([*self.compiler, "--version"]))
        if not found:
            raise BuildError(f"{self.compiler[0]} does not say its version")
        return f"llvm-bitcode:{found[1]}"


def check(name: str, flavour: str) -> None:
    """Raise UsageError unless a toolchain *name* can build *flavour*."""
    if name not in TOOLCHAINS:
        raise UsageError(f"unknown TOOLCHAIN {name!r}",
                         hint=f"known: {', '.join(TOOLCHAINS)}")
    if flavour == "lto" and name == "gcc":
        # https://clang.llvm.org/docs/ThinLTO.html
        raise UsageError("OPTIONS=lto is ThinLTO, which gcc does not have",
                         hint="use TOOLCHAIN=zig or TOOLCHAIN=llvm")


def toolchain(name: str, platform: Platform, layout: Layout) -> Toolchain:
    """The toolchain of that name.

    Raises UsageError for another, or if its compiler is not installed.
    """
    check(name, "")
    make = {"zig": _zig, "llvm": _llvm, "gcc": _gcc}[name]
    return make(platform, layout)


def run(config: Config, wanted: str) -> None:
    """Stage: make the toolchain of a build."""
    layout = config.layout
    with stamp.output_dir(layout.toolchain, wanted) as out:
        install(config.chain, config.platform, layout, out)


def install(chain: Toolchain, platform: Platform, layout: Layout,
            directory: Path) -> None:
    """Write the wrapper scripts and the sysroot into *directory*, to be
    used as ``layout.toolchain``.  Raises BuildError if zig fails."""
    for name, text in chain.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.parent.name == "bin":
            path.chmod(0o755)
    sysroot.build(_zig_program(layout), platform, layout.work / "zig-cache",
                  directory / "sysroot", DEPENDENCY)


def _zig(platform: Platform, layout: Layout) -> Toolchain:
    """clang and lld as they are inside zig.

    Not `zig cc`: that is a driver of zig's own, which compiles with
    NDEBUG, -g and UBSan unasked, ignores version scripts of programs,
    refuses other options of lld's and links its own memcpy and sin.
    """
    zig = _zig_program(layout)
    flags = (*_clang(platform, layout),
             # clang's own headers, from zig's lib/include.
             f"-resource-dir={zig.parent / 'lib'}")
    return Toolchain("zig", (str(zig), "clang"), _programs({
        **_compilers([zig, "clang"], flags),
        **_linkers([zig, "ld.lld"], layout),
        # llvm- for CPython's configure, which insists on them for LTO.
        **{prefix + tool: _script(zig, tool)
           for tool in ("ar", "ranlib") for prefix in ("", "llvm-")}}))


def _llvm(platform: Platform, layout: Layout) -> Toolchain:
    """The newest LLVM that is installed, and all tools from that one:
    none can read the bitcode of a newer one."""
    path = llvm_path()
    clang = _program("clang", path)
    return Toolchain("llvm", (str(clang),), _programs({
        **_compilers([clang], _clang(platform, layout)),
        **_linkers([_program("ld.lld", path)], layout),
        **{prefix + tool: _script(_program(f"llvm-{tool}", path))
           for tool in ("ar", "ranlib") for prefix in ("", "llvm-")},
        "llvm-profdata": _script(_program("llvm-profdata", path))}),
        version=output([str(clang), "--version"]))


def llvm_path() -> str:
    """A PATH with the newest LLVM first, where distributions put it."""
    directories = [
        clang.parent for lib in _LIBRARIES
        for clang in Path(lib).glob("llvm*/bin/clang")]
    directories.sort(reverse=True, key=lambda path: int(
        re.sub(r"\D", "", path.parent.name) or 0))
    return os.pathsep.join(
        [*map(str, directories), os.environ.get("PATH", os.defpath)])


def _gcc(platform: Platform, layout: Layout) -> Toolchain:
    """The system's gcc with its own libgcc, and the system's ld."""
    gcc, gxx = _program("gcc"), _program("g++")
    libraries = layout.toolchain / "sysroot/usr/lib"
    own = Path(output([str(gcc), "-print-libgcc-file-name"]).strip()).parent
    specs = layout.toolchain / "gcc.specs"
    flags = (f"--sysroot={layout.toolchain}/sysroot", f"-B{libraries}/",
             f"-specs={specs}", "-static-libgcc",
             *_code(platform, layout),
             # By default gcc lets a program have its own copy of a
             # library's variable.  Stub libraries do not tell which names
             # are one variable, and `environ` would not be `__environ`.
             # https://maskray.me/blog/2021-01-09-copy-relocations-canonical-plt-entries-and-protected
             "-fPIC",
             # -B and --sysroot are among the switches it would record.
             "-gno-record-gcc-switches")
    # Where to search for libraries.  By itself gcc adds the machine's:
    # directories given relative to its own are not below --sysroot.
    # https://gcc.gnu.org/onlinedocs/gcc/Spec-Files.html
    # And some distributions' gcc drops a library that is named before the
    # archive that needs it, as -ldl is before libcrypto.a.
    search = f"*link_libgcc:\n--no-as-needed -L{own} -L{libraries}\n"
    return Toolchain("gcc", (str(gcc),), {
        **_programs({"cc": _script(gcc, *flags),
                     "c++": _script(gxx, *flags, "-static-libstdc++")}),
        specs.name: search}, version=output([str(gcc), "--version"]))


def _programs(scripts: Mapping[str, str]) -> dict[str, str]:
    return {f"bin/{name}": text for name, text in scripts.items()}


def _code(platform: Platform, layout: Layout) -> tuple[str, ...]:
    """Flags for the code and for what the compiler writes into it.

    Our directories stay out of debug information, asserts and whatever
    else has names of files:
    https://reproducible-builds.org/docs/build-path/
    """
    march = (f"-march={platform.arch.march}",) if platform.arch.march else ()
    branches = (platform.arch.branches,) if platform.arch.branches else ()
    return (*march, *branches,
            f"-ffile-prefix-map={layout.work}={BUILD_PREFIX}")


def _clang(platform: Platform, layout: Layout) -> tuple[str, ...]:
    """Flags with which clang reads nothing of the machine's.

    https://clang.llvm.org/docs/CrossCompilation.html
    """
    root = layout.toolchain / "sysroot"
    return (
        "--no-default-config", f"--target={platform.autoconf}",
        f"--sysroot={root}", f"--gcc-toolchain={root}/usr",
        "-rtlib=libgcc", "-fuse-ld=lld", f"-B{layout.toolchain}/bin",
        *_code(platform, layout))


def _compilers(clang: Iterable[object],
               flags: Iterable[str]) -> dict[str, str]:
    def script(*more: str) -> str:
        # No warning that a compilation links nothing, or a link compiles.
        return _script(*clang, *more, "--start-no-unused-arguments",
                       *flags, "--end-no-unused-arguments")

    return {"cc": script(), "c++": script(
        "--driver-mode=g++", "-nostdinc++", "-nostdlib++")}


def _linkers(lld: Iterable[object], layout: Layout) -> dict[str, str]:
    """ld.lld with a ThinLTO cache: without one, every link of the
    interpreter repeats minutes of work.  `ld` is for libtool to find."""
    text = _script(*lld, f"--thinlto-cache-dir={layout.work}/thinlto-cache",
                   f"--thinlto-cache-policy={_CACHE_POLICY}")
    return {"ld": text, "ld.lld": text}


def _zig_program(layout: Layout) -> Path:
    return layout.host / PACKAGE / "zig"


def _program(name: str, path: str | None = None) -> Path:
    found = shutil.which(name, path=path)
    if not found:
        raise UsageError(f"not on this machine: {name}")
    return Path(found)


def _script(*words: object) -> str:
    return f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n'
