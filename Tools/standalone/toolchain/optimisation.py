"""How the compiler optimises CPython: OPTIONS pgo, lto and instrumented.

This is a module of its own because dependencies are compiled without any
of it.
"""

from collections.abc import Iterator, Mapping

from standalone.core.options import Options
from standalone.toolchain import flags

# configure's own --with-lto looks for "clang" in the compiler's name.
# Objects contain machine code as well as bitcode, so that programs that only
# the build runs are linked in seconds, and any linker can use libpython.a.
# https://llvm.org/docs/FatLTO.html
_LTO = ("-flto=thin", "-ffat-lto-objects")

# Read thread-local variables without a call.  A program that loads libpython
# with dlopen() needs about 120 bytes of the space that the C library keeps
# for that.  https://maskray.me/blog/2021-02-14-all-about-thread-local-storage
_STATIC_TLS = "-ftls-model=initial-exec"

#: Files in CPython's build directory, where it runs the compiler: the
#: profile that it reads, and the library that writes profiles.
PROFILE = "profile.profdata"
PROFILE_RUNTIME = "libclang_rt.profile.a"

# configure's own --enable-optimizations trains in the middle of the build.
# The warnings tell how well the profile fits: see profile/fit.py.
_PGO = (f"-fprofile-use={PROFILE}", "-mllvm", "-pgo-warn-missing-function")

# With -fprofile-generate, clang would look for the library in its own
# directory, which zig's wheel does not have.  The programs write no profile
# unless LLVM_PROFILE_FILE is set.
# https://clang.llvm.org/docs/UsersManual.html#profiling-with-instrumentation
_INSTRUMENTED = ("-Xclang", "-fprofile-instrument=llvm",
                 "-Xclang", "-fprofile-instrument-path=/dev/null",
                 # Allocate what counts the values of variables when it is
                 # needed; a fixed number runs out, with a warning that
                 # tests find on stderr.
                 "-mllvm", "-vp-static-alloc=false")
_RUNTIME = ("-Wl,-u,__llvm_profile_runtime", PROFILE_RUNTIME)

#: Flags to remove from sysconfig.
PRIVATE = (_STATIC_TLS, *_LTO, *_PGO, *_INSTRUMENTED, *_RUNTIME)


def compile_flags(options: Options) -> tuple[str, ...]:
    """Return CPython's CFLAGS_NODIST for a build with these options."""
    return (*flags.CPYTHON, _STATIC_TLS, *_chosen(options, {
        "lto": _LTO, "pgo": _PGO, "instrumented": _INSTRUMENTED}))


def link_flags(options: Options) -> tuple[str, ...]:
    """Return CPython's LDFLAGS_NODIST, without link-time optimisation."""
    return (*flags.LINK, *_chosen(options, {"instrumented": _RUNTIME}))


def final_link(options: Options) -> tuple[str, ...]:
    """Return flags to link the interpreter and libpython."""
    return tuple(_chosen(options, {"lto": _LTO}))


def _chosen(options: Options,
            table: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for word, words in table.items():
        if word in options:
            yield from words
