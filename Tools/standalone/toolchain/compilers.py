"""Compilers, called through wrapper scripts with ordinary names.

CPython records the compiler that it was configured with, and builders of
extensions use that record.  So CPython is configured with ``cc``, ``c++``
and ``ar``.  These are wrapper scripts in a directory at the front of PATH
during the build, and contain everything specific to our compilers.

All toolchains compile and link against the sysroot of sysroot.py.  It has
no C++ library: ``c++`` can link only programs that do not need one.
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
from standalone.core.errors import UsageError
from standalone.core.layout import BUILD_PREFIX, Layout
from standalone.core.options import DEFAULT, PLAIN
from standalone.core.platform import Platform
from standalone.core.process import output
from standalone.toolchain import sysroot
from standalone.toolchain.flags import DEPENDENCY

if TYPE_CHECKING:
    from standalone.core.options import Options
    from standalone.request import Config

#: The names of the toolchains, the default one first.
TOOLCHAINS = ("zig", "llvm", "gcc")
#: Toolchain → the programs that must be installed.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "zig": (),
    "gcc": ("gcc", "g++"),
    "llvm": ("clang", "clang++", "ld.lld", "llvm-ar", "llvm-ranlib",
             "llvm-profdata"),
}
#: The Python package that contains zig and the C library of all toolchains.
PACKAGE = "ziglang"

# What only clang can do.  https://clang.llvm.org/docs/ThinLTO.html,
# https://llvm.org/docs/InstrProfileFormat.html
_CLANGS = {"lto": "ThinLTO", "pgo": "LLVM's profile format",
           "instrumented": "LLVM's profile format"}

# The first LLVM whose clang and lld have -ffat-lto-objects.
# https://llvm.org/docs/FatLTO.html
_FAT_LTO = 18

# The first LLVM whose preserve_none serves the tail-calling interpreter.
# https://docs.python.org/3/whatsnew/3.14.html#a-new-type-of-interpreter
_TAIL_CALLS = 19

# Debian has llvm-19/bin and Alpine llvm19/bin in the first of these,
# Fedora llvm19/bin in the second.
_LIBRARIES = ("/usr/lib", "/usr/lib64")

# Ample for an interpreter; entries unused for a week are removed.
# https://clang.llvm.org/docs/ThinLTO.html#cache-pruning
_CACHE_POLICY = "prune_after=168h:cache_size_bytes=2g"


@dataclass(frozen=True)
class Toolchain:
    """The description of a toolchain.

    *files* maps paths below the toolchain's directory to the content of
    text files; those in bin/ are programs.  *version* is empty for zig,
    whose version is pinned.
    """

    name: str
    compiler: tuple[str, ...]    # the words of the command
    files: Mapping[str, str]
    version: str = ""            # the output of --version

    @property
    def clang(self) -> int:
        """The major version of an installed clang, else 0."""
        found = re.search(r"clang version (\d+)", self.version)
        return int(found[1]) if found else 0

    @property
    def tail_calls(self) -> bool:
        """Whether it can compile CPython's tail-calling interpreter."""
        return self.name == "zig" or self.clang >= _TAIL_CALLS


def default_flavour(name: str) -> str:
    """Return the flavour of OPTIONS that name none, for a toolchain.

    The stored profiles are for the pinned compiler.  Another one may be
    of another version, or not be clang.
    """
    return DEFAULT if name == TOOLCHAINS[0] else PLAIN


def check(name: str, options: Options) -> None:
    """Raise UsageError unless the toolchain *name* can build *options*."""
    _known(name)
    for word, what in _CLANGS.items():
        if word in options and name == "gcc":
            raise UsageError(f"OPTIONS={word} requires {what}, which gcc "
                             "lacks", hint="use TOOLCHAIN=zig or "
                             "TOOLCHAIN=llvm")


def check_version(chain: Toolchain, options: Options) -> None:
    """Raise UsageError if the compiler is too old for *options*."""
    if "lto" in options and chain.clang and chain.clang < _FAT_LTO:
        raise UsageError(
            f"OPTIONS=lto needs LLVM {_FAT_LTO} or newer, not {chain.clang}",
            hint="use TOOLCHAIN=zig, or install a newer LLVM")


def _known(name: str) -> None:
    if name not in TOOLCHAINS:
        raise UsageError(f"unknown TOOLCHAIN {name!r}",
                         hint=f"known: {', '.join(TOOLCHAINS)}")


def toolchain(name: str, platform: Platform, layout: Layout) -> Toolchain:
    """Return the toolchain *name*.

    Raises UsageError if there is none or its compiler is not installed.
    """
    _known(name)
    make = {"zig": _zig, "llvm": _llvm, "gcc": _gcc}[name]
    return make(platform, layout)


def run(config: Config, wanted: str) -> None:
    """Run the stage that makes the toolchain of a build."""
    layout = config.layout
    with stamp.output_dir(layout.toolchain, wanted) as out:
        install(config.chain, config.platform, layout, out)


def install(chain: Toolchain, platform: Platform, layout: Layout,
            directory: Path) -> None:
    """Write the wrapper scripts and the sysroot into *directory*.

    The caller must move it to ``layout.toolchain``, the path that the
    scripts contain.  Raises BuildError if zig fails.
    """
    for name, text in chain.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.parent.name == "bin":
            path.chmod(0o755)
    sysroot.build(_zig_program(layout), platform, layout.work / "zig-cache",
                  directory / "sysroot", DEPENDENCY)


def _zig(platform: Platform, layout: Layout) -> Toolchain:
    """Return the toolchain that consists of zig's clang and lld.

    It does not use `zig cc`, zig's own compiler driver, which adds
    NDEBUG, -g and UBSan, ignores version scripts of programs, rejects
    some options of lld and links its own memcpy and sin.
    """
    zig = _zig_program(layout)
    flags = (*_clang(platform, layout),
             # clang's own headers, from zig's lib/include.
             f"-resource-dir={zig.parent / 'lib'}")
    return Toolchain("zig", (str(zig), "clang"), _programs({
        **_compilers([zig, "clang"], flags),
        **_linkers([zig, "ld.lld"], layout),
        # With LTO, CPython's configure requires the names with llvm-.
        **{prefix + tool: _script(zig, tool)
           for tool in ("ar", "ranlib") for prefix in ("", "llvm-")}}))


def _llvm(platform: Platform, layout: Layout) -> Toolchain:
    """Return the toolchain of the newest LLVM that is installed.

    All tools are from the same version because none can read the bitcode
    of a newer one.
    """
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
    """Return PATH with the directories of LLVM in front, newest first."""
    directories = [
        clang.parent for lib in _LIBRARIES
        for clang in Path(lib).glob("llvm*/bin/clang")]
    directories.sort(reverse=True, key=lambda path: int(
        re.sub(r"\D", "", path.parent.name) or 0))
    return os.pathsep.join(
        [*map(str, directories), os.environ.get("PATH", os.defpath)])


def _gcc(platform: Platform, layout: Layout) -> Toolchain:
    """Return the toolchain of the system's gcc, libgcc and ld."""
    gcc, gxx = _program("gcc"), _program("g++")
    libraries = layout.toolchain / "sysroot/usr/lib"
    own = Path(output([str(gcc), "-print-libgcc-file-name"]).strip()).parent
    specs = layout.toolchain / "gcc.specs"
    flags = (f"--sysroot={layout.toolchain}/sysroot", f"-B{libraries}/",
             f"-specs={specs}", "-static-libgcc",
             *_code(platform, layout),
             # By default, gcc gives programs their own copies of a
             # library's variables.  Stub libraries do not record which
             # names are aliases, so `environ` and `__environ` would
             # become different variables.
             # https://maskray.me/blog/2021-01-09-copy-relocations-canonical-plt-entries-and-protected
             "-fPIC",
             # Recorded switches would include the paths in -B, --sysroot.
             "-gno-record-gcc-switches")
    # Where to search for libraries.  gcc would add directories of the
    # machine: those relative to its own are not put below --sysroot.
    # https://gcc.gnu.org/onlinedocs/gcc/Spec-Files.html
    # Besides, the gcc of some distributions defaults to --as-needed, which
    # drops a library that precedes the archive that needs it, such as -ldl
    # before libcrypto.a.
    search = f"*link_libgcc:\n--no-as-needed -L{own} -L{libraries}\n"
    return Toolchain("gcc", (str(gcc),), {
        **_programs({"cc": _script(gcc, *flags),
                     "c++": _script(gxx, *flags, "-static-libstdc++")}),
        specs.name: search}, version=output([str(gcc), "--version"]))


def _programs(scripts: Mapping[str, str]) -> dict[str, str]:
    return {f"bin/{name}": text for name, text in scripts.items()}


def _code(platform: Platform, layout: Layout) -> tuple[str, ...]:
    """Return flags for the processor and for reproducible paths.

    The compiler must not write our directories into debug information,
    asserts or anything else that contains file names:
    https://reproducible-builds.org/docs/build-path/
    """
    march = (f"-march={platform.arch.march}",) if platform.arch.march else ()
    branches = (platform.arch.branches,) if platform.arch.branches else ()
    return (*march, *branches,
            f"-ffile-prefix-map={layout.work}={BUILD_PREFIX}")


def _clang(platform: Platform, layout: Layout) -> tuple[str, ...]:
    """Return flags that keep clang from using files of the machine.

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
        # Do not warn about linker flags when compiling, or vice versa.
        return _script(*clang, *more, "--start-no-unused-arguments",
                       *flags, "--end-no-unused-arguments")

    return {"cc": script(), "c++": script(
        "--driver-mode=g++", "-nostdinc++", "-nostdlib++")}


def _linkers(lld: Iterable[object], layout: Layout) -> dict[str, str]:
    """Return wrapper scripts for lld that use a ThinLTO cache.

    Without the cache, every link of the interpreter repeats minutes of
    work.  libtool looks for a linker called `ld`.
    """
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
