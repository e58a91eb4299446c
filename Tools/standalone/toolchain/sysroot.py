"""Make a sysroot: the C library's headers, stub libraries, start files.

    zig of the ziglang package  →  sysroot/usr/{include,lib}
    compat/libc                 →  sysroot/usr/local/{include,lib}

zig contains the headers of every glibc version and generates stub
libraries for it.  So the baseline comes from a pinned pip package, and
the machine's own headers and libraries are never used.  The result has
the layout that compilers expect below --sysroot; any clang or gcc can
use it.

compat/libc implements functions of newer C libraries.  They are linked
together with the C library, so configure scripts find them and no
compiler flag is needed.

The debug information of zig's objects contains the path of zig and of
the current directory.  Every object is linked once more to remove it.
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

# The libraries that programs link as -lNAME, in addition to -lc.
_LIBRARIES = ("m", "pthread", "dl", "rt", "util", "resolv")

#: Implementations, by raw system calls, of functions that are newer than
#: the baseline.
COMPAT = TOOLS / "compat" / "libc"

# Start files that compilers link into every program or library.  GCC has
# its own: https://gcc.gnu.org/onlinedocs/gccint/Initialization.html
# Functions that a library passed to atexit() must run when it is unloaded:
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

# Routines that compilers call for operations that the processor lacks,
# with the names that GCC gave them: operation, then machine modes.
# https://gcc.gnu.org/onlinedocs/gccint/Libgcc.html
# zig's archive has one object for all of them and for memcpy, sin and
# others: a program that needs a 128-bit division would also get those
# instead of the C library's.
_ROUTINE = re.compile(
    r"__[a-z]+?(?:[sdt]i|[hsdxt][fc]){1,2}[234]?|__clear_cache|__aarch64_\w+")

_WITHOUT_DEBUG = "SECTIONS { /DISCARD/ : { *(.debug* .comment) } }\n"


@dataclass(frozen=True)
class _Zig:
    """The zig program, its target, its cache and a temporary directory."""

    program: Path
    platform: Platform
    cache: Path
    scratch: Path

    @property
    def machine(self) -> tuple[str, ...]:
        """clang's flags for the target."""
        triple = f"--target={self.platform.autoconf}"
        branches = self.platform.arch.branches
        return (triple, branches) if branches else (triple,)

    def run(self, *arguments: str | Path, log: bool = False) -> str:
        """Run zig and return its output, with standard error if *log*.

        Raises BuildError if zig fails.
        """
        words = [str(self.program), *map(str, arguments)]
        # The local cache is empty, so zig runs and prints every command.
        env = environment(extra={
            "ZIG_GLOBAL_CACHE_DIR": str(self.cache),
            "ZIG_LOCAL_CACHE_DIR": str(self.scratch)})
        if log:
            words = ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", *words]
        # Stubs have paths in the cache in their line tables.  From here
        # they are relative: "o/...".
        return output(words, env=env, cwd=self.cache)

    def compile(self, source: str, path: Path) -> None:
        """Compile C code into the object *path*."""
        file = self.scratch / f"{path.stem}.c"
        file.write_text(source)
        self.run("clang", *self.machine, "-O2", "-fPIC", "-nostdlibinc",
                 "-fno-ident", "-c", file, "-o", path)

    def link(self, path: Path, *inputs: str | Path) -> None:
        """Link *inputs* into the object *path*, without debug information.

        This takes a linker script because lld ignores --strip-debug if
        -r is given.
        """
        # zig does not mark objects as compatible with shadow stacks, but
        # all of them are: C code, and a _start that never returns.  They
        # cannot be marked for IBT, which requires an instruction at the
        # target of every indirect jump, including _start.
        fit = ("-z", "shstk") if self.platform.arch.shadow_stack else ()
        self.run("ld.lld", "-r", "--threads=1", *fit,
                 "-T", self.scratch / "without_debug.ld", "-o", path, *inputs)

    def archive(self, path: Path, objects: Iterable[Path]) -> None:
        """Make a static library without times and owners."""
        path.unlink(missing_ok=True)
        self.run("ar", "crsD", path, *objects)


def build(zig: Path, platform: Platform, cache: Path, dest: Path,
          cflags: Sequence[str]) -> None:
    """Make the sysroot *dest* for *platform*.

    *cache* is zig's global cache directory; *cflags* are used to compile
    compat/libc.  Raises BuildError if zig fails or its output has another
    format than expected.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        compiler = _Zig(zig, platform, cache, Path(scratch))
        (compiler.scratch / "without_debug.ld").write_text(_WITHOUT_DEBUG)
        _headers(compiler, dest / "usr/include")
        _libraries(compiler, dest / "usr/lib")
        _compat(compiler, dest / "usr/local", cflags)


def _headers(zig: _Zig, dest: Path) -> None:
    """Merge the header directories that zig searches, the first on top."""
    empty = zig.scratch / "empty.c"
    empty.touch()
    said = zig.run("cc", "-target", zig.platform.versioned, "-E", "-v", empty,
                   log=True)
    found = re.search(r"^#include <\.\.\.> .*\n((?: .*\n)+)", said,
                      re.MULTILINE)
    directories = [
        path for line in (found[1].splitlines() if found else ())
        # Every compiler has its own copy of the compiler's headers.
        if "libc" in (path := zig.cache / line.strip()).parts]
    if not directories:
        raise BuildError(
            "zig cc -E -v does not print a directory of libc headers")
    for path in reversed(directories):
        shutil.copytree(path, dest, dirs_exist_ok=True)
    # The only macro that zig defines on the compiler's command line.
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
        # zig calls it libld.so.2, but its DT_SONAME is ld-linux-*.so.
        shutil.copyfile(made["libld.so.2"], dest / loader)
        for name in (f"lib{library}.so" for library in ("c", *_LIBRARIES)):
            stub = next(path for path in made.values()
                        if path.name.startswith(f"{name}."))
            shutil.copyfile(stub, dest / stub.name)
            if name != "libc.so":
                (dest / name).symlink_to(stub.name)
    except (KeyError, StopIteration) as exc:
        raise BuildError(
            "zig cc did not link all of glibc's libraries, only "
            f"{' '.join(sorted(made))}") from exc
    (dest / "libc.so").write_text(
        "GROUP ( libc.so.6 libc_nonshared.a /usr/local/lib/libcompat.a "
        f"AS_NEEDED ( {loader} ) )\n")
    for name, source in _START_FILES.items():
        zig.compile(source, dest / name)


def _link_line(zig: _Zig, *flags: str) -> list[str]:
    """Return zig's command line for its linker, with absolute paths."""
    source, program = zig.scratch / "main.c", zig.scratch / "main"
    source.write_text("int main(void) { return 0; }\n")
    said = zig.run("cc", "-target", zig.platform.versioned, "-v", *flags,
                   "-g0", "-fno-sanitize=undefined", source, "-o", program,
                   log=True)
    lines = [line for line in said.splitlines()
             if line.startswith("ld.lld ") and "--dynamic-linker " in line]
    if not lines:
        raise BuildError("zig cc -v does not print its linker command")
    return [os.path.normpath(zig.cache / word)
            if re.search(r"\.(o|a|so\.\d+)$", word) else word
            for word in shlex.split(lines[-1])]


def _nonshared(zig: _Zig, archive: Path, dest: Path) -> None:
    """Make libc_nonshared.a: atexit, stat, pthread_atfork.

    glibc links these functions statically into every file.
    """
    members = zig.scratch / "nonshared"
    members.mkdir()
    zig.run("ar", "x", "--output", members, archive)
    objects = []
    for member in sorted(members.glob("*.o")):
        objects.append(zig.scratch / member.name)
        zig.link(objects[-1], member)
    zig.archive(dest / archive.name, objects)


def _compat(zig: _Zig, dest: Path, cflags: Sequence[str]) -> None:
    """Install the headers of compat/libc and compile libcompat.a.

    The headers are searched before the C library's.  The functions are
    hidden in the file that they are linked into.  libc.so lists
    libc.so.6 before libcompat.a, so functions that the baseline has come
    from the C library.  sem_clockwait() requires -lpthread and -ldl,
    which its callers need anyway for so old a C library.
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
    """Make libgcc.a, with one object per routine.

    libgcc_eh.a and libgcc_s.a are empty because C code does not unwind.
    """
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
    """Return the names in a static library's index, sorted.

    The index is a member "/" with a big-endian count, offsets and
    strings.  Raises BuildError if *archive* is damaged or has no index.
    https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.intro.html, ar(5)
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
