"""The flags of our own objects, which nobody else is to inherit.

They are given on make's command line, not to configure, so that what
sysconfig hands to builders of extensions stays CPython's choice.
"""

# A section for each function and datum, so that the linker can leave out
# what CPython never calls.
_SECTIONS = ("-ffunction-sections", "-fdata-sections")

# Stacks that profilers can walk (https://peps.python.org/pep-0831/) and
# that notice when they are overwritten.
_STACK = ("-fno-omit-frame-pointer", "-fstack-protector-strong")

# Stacks that cannot grow past their guard page; functions of the C library
# that know how large their destination is, if need be at run time.
# https://sourceware.org/glibc/manual/latest/html_node/Source-Fortification.html
_HARDENED = ("-fstack-clash-protection", "-D_FORTIFY_SOURCE=3")

#: Of a dependency: optimised, position independent, nothing exported,
#: line tables for profilers and debuggers.
DEPENDENCY = ("-O2", "-g1", "-fPIC", "-fvisibility=hidden", *_SECTIONS,
              *_STACK, *_HARDENED)

_CPYTHON = (*_SECTIONS, *_STACK, *_HARDENED)

_LINK = ("-Wl,-z,relro,-z,now", "-Wl,--build-id=sha1", "-Wl,--gc-sections",
         "-Wl,-O2")

#: Of what has USDT probes in it: a section whose address tells their readers
#: where they are.  Only notes refer to it, so that lld takes it for unused.
#: SystemTap's newer sdt.h marks it: _SDT_ASM_SECTION_RETAIN_SUPPORT.
PROBES = ("-Wl,--undefined=_.stapsdt.base",)

#: Of a shared library that lies beside libpython.  It calls its own
#: functions even where another copy of it is loaded globally.
LIBRARY = (*_LINK, "-Wl,-Bsymbolic")

#: Of the interpreter: a program that extensions are linked with.
PROGRAM = ("-pie", "-Wl,--export-dynamic")

# configure's own --with-lto looks for "clang" in the compiler's name.
_LTO = ("-flto=thin",)

#: What must not be left in sysconfig.  The flags for the stack may: a
#: CPython that has them of its own wants them in extensions as well.
PRIVATE = (*_SECTIONS, *_HARDENED, *_LINK, *_LTO)


def compile_flags(flavour: str) -> tuple[str, ...]:
    """CFLAGS_NODIST of CPython in this flavour."""
    return (*_CPYTHON, *(_LTO if flavour == "lto" else ()))


def link_flags(flavour: str) -> tuple[str, ...]:
    """LDFLAGS_NODIST of CPython in this flavour."""
    return (*_LINK, *(_LTO if flavour == "lto" else ()))
