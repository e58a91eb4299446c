"""A C library to compile and link against: headers, stubs, start files.

    zig of the ziglang package  →  sysroot/usr/{include,lib}
    compat/libc                 →  sysroot/usr/local/{include,lib}

zig carries the headers of every glibc and makes its stub libraries, so
the baseline comes from a pinned pip package and neither the machine's
headers nor its libraries are ever read.  The result is what a compiler
expects below --sysroot; any clang or gcc can use it.

What newer C libraries have beside is ours.  It is found where the C library
is, so configure scripts see it, and no flag tells of it.

What zig makes names zig's and the current directory in its debug
information, which is why every object is linked once more without it.
"""

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.layout import TOOLS
from standalone.core.platform import Platform
from standalone.core.process import environment, output
from standalone.formats import ar

# What a link editor is told as -lNAME, beside -lc.
_LIBRARIES = ("m", "pthread", "dl", "rt", "util", "resolv")

#: Functions that are newer than the baseline, over raw system calls.
COMPAT = TOOLS / "compat" / "libc"

# The start of a program or library as compilers expect it to be.  GCC's
# own: https://gcc.gnu.org/onlinedocs/gccint/Initialization.html
# What atexit() got from a library is to be run when it is unloaded:
# https://itanium-cxx-abi.github.io/cxx-abi/abi.html#dso-dtor
_CRTBEGIN_SHARED = """\
__attribute__((visibility("hidden"))) void *__dso_handle = &__dso_handle;
__attribute__((weak)) void __cxa_finalize(void *);

__attribute__((destructor)) static void
run_exit_functions(void)
{
    if (__cxa_finalize) {
        __cxa_finalize(__dso_handle);
    }
}
"""
_CRTBEGIN = """\
__attribute__((visibility("hidden"))) void *__dso_handle = 0;
"""
_EMPTY = 'typedef int nothing;\n'
_START_FILES = {
    "crti.o": _EMPTY, "crtn.o": _EMPTY, "crtend.o": _EMPTY,
    "crtendS.o": _EMPTY, "crtbegin.o": _CRTBEGIN,
    "crtbeginS.o": _CRTBEGIN_SHARED}

# The routines that a compiler calls for what a processor cannot do, by
# the names that GCC gave them: operation, then machine modes.
# https://gcc.gnu.org/onlinedocs/gccint/Libgcc.html
# zig's archive has memcpy, sin and more as well, all in one object: who
# needs a 128-bit division would get them in place of the C library's.
_ROUTINE = re.compile(
    r"__[a-z]+?(?:[sdt]i|[hsdxt][fc]){1,2}[234]?|__clear_cache|__aarch64_\w+")

_WITHOUT_DEBUG = "SECTIONS { /DISCARD/ : { *(.debug* .comment) } }\n"


@dataclass(frozen=True)
class _Zig:
    """zig, the target it compiles for and a directory for what it reads
    and writes."""

    program: Path
    platform: Platform
    cache: Path
    scratch: Path

    @property
    def machine(self) -> tuple[str, ...]:
        """Flags of clang's for the target."""
        triple = f"--target={self.platform.autoconf}"
        branches = self.platform.arch.branches
        return (triple, branches) if branches else (triple,)

    def run(self, *arguments: str | Path, log: bool = False) -> str:
        """What zig prints, on standard error too if *log*."""
        words = [str(self.program), *map(str, arguments)]
        # Nothing is found in the local cache, so that all is printed.
        env = environment(extra={
            "ZIG_GLOBAL_CACHE_DIR": str(self.cache),
            "ZIG_LOCAL_CACHE_DIR": str(self.scratch)})
        if log:
            words = ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", *words]
        # Stubs name the cache in their line tables: here, as "o/...".
        return output(words, env=env, cwd=self.cache)

    def compile(self, source: str, path: Path) -> None:
        """Make the object *path* of C code."""
        file = self.scratch / f"{path.stem}.c"
        file.write_text(source)
        self.run("clang", *self.machine, "-O2", "-fPIC", "-nostdlibinc",
                 "-fno-ident", "-c", file, "-o", path)

    def link(self, path: Path, *inputs: str | Path) -> None:
        """Make the object *path* of others, without debug information.

        lld ignores --strip-debug together with -r.
        """
        # zig marks nothing as fit for a shadow stack.  All of it is: C,
        # and a _start that never returns.  IBT is another matter: it wants
        # an instruction wherever an indirect jump leads, as to _start.
        fit = ("-z", "shstk") if self.platform.arch.shadow_stack else ()
        self.run("ld.lld", "-r", "--threads=1", *fit,
                 "-T", self.scratch / "without_debug.ld", "-o", path, *inputs)

    def archive(self, path: Path, objects: Iterable[Path]) -> None:
        """Make an archive, without times and owners."""
        path.unlink(missing_ok=True)
        self.run("ar", "crsD", path, *objects)


def build(zig: Path, platform: Platform, cache: Path, dest: Path,
          cflags: Sequence[str]) -> None:
    """Make the sysroot *dest* for *platform*.

    *cache* is zig's own, where it keeps what it has compiled; *cflags*
    are for the functions that are ours.  Raises BuildError if zig fails
    or does not say what it once did.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        compiler = _Zig(zig, platform, cache, Path(scratch))
        (compiler.scratch / "without_debug.ld").write_text(_WITHOUT_DEBUG)
        _headers(compiler, dest / "usr/include")
        _libraries(compiler, dest / "usr/lib")
        _compat(compiler, dest / "usr/local", cflags)


def _headers(zig: _Zig, dest: Path) -> None:
    """Merge the directories that zig searches, the first in line on top."""
    empty = zig.scratch / "empty.c"
    empty.touch()
    said = zig.run("cc", "-target", zig.platform.versioned, "-E", "-v", empty,
                   log=True)
    found = re.search(r"^#include <\.\.\.> .*\n((?: .*\n)+)", said,
                      re.MULTILINE)
    directories = [
        path for line in (found[1].splitlines() if found else ())
        # The compiler's own headers belong to a compiler.
        if "libc" in (path := zig.cache / line.strip()).parts]
    if not directories:
        raise BuildError("zig cc -E -v names no directory of libc headers")
    for path in reversed(directories):
        shutil.copytree(path, dest, dirs_exist_ok=True)
    # The one macro that zig gives on its command line.
    features = dest / "features.h"
    features.write_text(
        "#ifndef __GLIBC_MINOR__\n"
        f"# define __GLIBC_MINOR__ {zig.platform.libc.baseline[1]}\n"
        f"#endif\n{features.read_text()}")


def _libraries(zig: _Zig, dest: Path) -> None:
    dest.mkdir(parents=True)
    words = _link_line(zig, "-pie") + _link_line(zig, "-no-pie")
    made = {path.name: path for path in map(Path, words)
            if re.search(r"\.(o|a|so\.\d+)$", path.name)}
    loader = Path(words[words.index("--dynamic-linker") + 1]).name
    try:
        for name in ("Scrt1.o", "crt1.o"):
            zig.link(dest / name, made[name])
        _nonshared(zig, made["libc_nonshared.a"], dest)
        _routines(zig, made["libcompiler_rt.a"], dest)
        # Named ld-linux-*.so in truth, as its DT_SONAME says.
        shutil.copyfile(made["libld.so.2"], dest / loader)
        for name in (f"lib{library}.so" for library in ("c", *_LIBRARIES)):
            stub = next(path for path in made.values()
                        if path.name.startswith(f"{name}."))
            shutil.copyfile(stub, dest / stub.name)
            if name != "libc.so":
                (dest / name).symlink_to(stub.name)
    except (KeyError, StopIteration) as exc:
        raise BuildError("zig cc linked without one of glibc's libraries: "
                         f"{' '.join(sorted(made))}") from exc
    (dest / "libc.so").write_text(
        "GROUP ( libc.so.6 libc_nonshared.a /usr/local/lib/libcompat.a "
        f"AS_NEEDED ( {loader} ) )\n")
    for name, source in _START_FILES.items():
        zig.compile(source, dest / name)


def _link_line(zig: _Zig, *flags: str) -> list[str]:
    """The words with which zig calls its link editor, paths absolute."""
    source, program = zig.scratch / "main.c", zig.scratch / "main"
    source.write_text("int main(void) { return 0; }\n")
    said = zig.run("cc", "-target", zig.platform.versioned, "-v", *flags,
                   "-g0", "-fno-sanitize=undefined", source, "-o", program,
                   log=True)
    lines = [line for line in said.splitlines()
             if line.startswith("ld.lld ") and "--dynamic-linker " in line]
    if not lines:
        raise BuildError("zig cc -v does not show how it links")
    return [os.path.normpath(zig.cache / word)
            if re.search(r"\.(o|a|so\.\d+)$", word) else word
            for word in shlex.split(lines[-1])]


def _nonshared(zig: _Zig, archive: Path, dest: Path) -> None:
    """What glibc links into everyone: atexit, stat, pthread_atfork."""
    members = zig.scratch / "nonshared"
    members.mkdir()
    zig.run("ar", "x", "--output", members, archive)
    objects = []
    for member in sorted(members.glob("*.o")):
        objects.append(zig.scratch / member.name)
        zig.link(objects[-1], member)
    zig.archive(dest / archive.name, objects)


def _compat(zig: _Zig, dest: Path, cflags: Sequence[str]) -> None:
    """The archive, hidden in whatever it is linked into, and headers that
    are searched before the C library's.

    A function that the baseline has comes from libc.so.6, which stands
    before the archive in libc.so.  sem_clockwait() wants -lpthread and
    -ldl, which its callers name anyway for a C library that old.
    """
    shutil.copytree(COMPAT / "include", dest / "include")
    objects = []
    for source in sorted(COMPAT.glob("*.c")):
        objects.append(zig.scratch / f"{source.stem}.o")
        zig.run("clang", *zig.machine, f"--sysroot={dest.parents[1]}",
                f"-resource-dir={zig.program.parent}/lib", *cflags, "-g0",
                "-std=c11", "-D_GNU_SOURCE", "-c", source, "-o", objects[-1])
    (dest / "lib").mkdir()
    zig.archive(dest / "lib/libcompat.a", objects)


def _routines(zig: _Zig, archive: Path, dest: Path) -> None:
    """libgcc.a, an object a routine.  There is nothing in libgcc_eh.a
    and libgcc_s.a: C code does not unwind."""
    objects = {
        name: zig.scratch / f"{name}.o" for name in symbols(archive)
        if _ROUTINE.fullmatch(name)}

    def extract(name: str) -> None:
        zig.link(objects[name], "--gc-sections", "-u", name, archive)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(extract, objects))
    zig.archive(dest / "libgcc.a", objects.values())
    for name in ("libgcc_eh.a", "libgcc_s.a"):
        zig.archive(dest / name, ())


def symbols(archive: Path) -> list[str]:
    """The names in an archive's index, sorted.

    https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.intro.html and
    ar(5): a member "/" of big-endian count, offsets and strings.
    """
    data = archive.read_bytes()
    try:
        first = next(ar.members(data), None)
    except ValueError as exc:
        raise BuildError(f"{archive.name}: {exc}") from exc
    if not first or first.name != "/":
        raise BuildError(f"{archive.name} has no index")
    index = data[first.start:first.end]
    count = int.from_bytes(index[:4], "big")
    names = index[4 + 4 * count:].split(b"\0")[:count]
    return sorted(name.decode() for name in names)
