"""Compiler and linker flags for CPython and its dependencies.

They are passed on make's command line, not to configure, so that
sysconfig gives CPython's own flags, not ours, to builders of extensions.
"""

# A section for each function and variable, so that the linker can drop
# those that CPython never uses.
_SECTIONS = ("-ffunction-sections", "-fdata-sections")

# Frame pointers, so that profilers can unwind the stack
# (https://peps.python.org/pep-0831/), and detection of buffer overflows.
_STACK = ("-fno-omit-frame-pointer", "-fstack-protector-strong")

# Stacks that cannot jump over their guard page, and C library functions
# that check the size of their destination, also at run time.
# https://sourceware.org/glibc/manual/latest/html_node/Source-Fortification.html
_HARDENED = ("-fstack-clash-protection", "-D_FORTIFY_SOURCE=3")

#: To compile a dependency: optimised, position independent, no exported
#: symbols, line tables for profilers and debuggers.
DEPENDENCY = ("-O2", "-g1", "-fPIC", "-fvisibility=hidden", *_SECTIONS,
              *_STACK, *_HARDENED)

#: To compile CPython.
CPYTHON = (*_SECTIONS, *_STACK, *_HARDENED)

#: To link CPython, and its dependencies that are shared libraries.
LINK = ("-Wl,-z,relro,-z,now", "-Wl,--build-id=sha1", "-Wl,--gc-sections",
         "-Wl,-O2")

#: To link files with USDT probes: keep the section from whose address
#: tracers compute the addresses of the probes.  Only notes refer to it, so
#: lld would drop it as unused.  Newer versions of SystemTap's sdt.h mark
#: the section: _SDT_ASM_SECTION_RETAIN_SUPPORT.
PROBES = ("-Wl,--undefined=_.stapsdt.base",)

#: To link a shared library in the directory of libpython.  It must call
#: its own functions even if another copy of it is loaded globally.
LIBRARY = (*LINK, "-Wl,-Bsymbolic")

#: To link libpython so that it can be run, too.  It calls its own functions
#: directly, as a program does.
RUNNABLE = ("-Wl,-Bsymbolic-functions", "-Wl,--entry=_start")

#: To link a program, whose symbols extension modules use.
PROGRAM = ("-pie", "-Wl,--export-dynamic")

#: Flags to remove from sysconfig.  The flags for the stack are not among
#: them: a CPython whose own flags include them passes them to extensions.
PRIVATE = (*_SECTIONS, *_HARDENED, *LINK)
