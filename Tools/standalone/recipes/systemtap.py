"""SystemTap's sys/sdt.h and dtrace: probes in CPython (USDT).

Both are used while CPython is built.  What is left of them are notes that
tell bpftrace, gdb, perf and others where the probes are:
https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
"""

from standalone.core.model import Build, Commands, Recipe

# Upstream's archive has dtrace without its first line, and the header
# where a configure script is to add another; Debian's package has them
# as they are installed.
_ALIKE = """\
set -e
test -e COPYING || cp share/doc/systemtap-sdt-dev/copyright COPYING
test -e dtrace.in || cp bin/dtrace dtrace.in
test -e includes || cp -R include/*-*-* includes
"""

# What upstream's configure script asks the assembler.  That of clang and
# GNU's since 2.22 know the flag "?" of a section.
_CONFIG = "#define _SDT_ASM_SECTION_AUTOGROUP_SUPPORT 1\n"

# Without site-packages: with pyparsing, dtrace reads in another way.
_DTRACE = """\
#!/bin/sh
exec "$STANDALONE_PYTHON" -I -S "$0.py" -I"${0%/*}" "$@"
"""


def commands(build: Build) -> Commands:
    """Install the header, and dtrace beside it."""
    include = f"{build.prefix}/include"
    yield build.run("sh", "-c", _ALIKE)
    yield build.write("includes/sys/sdt-config.h", _CONFIG)
    yield build.write("dtrace", _DTRACE)
    yield build.run("chmod", "+x", "dtrace")
    yield build.run("mkdir", "-p", f"{include}/sys")
    yield build.run("cp", "includes/sys/sdt.h", "includes/sys/sdt-config.h",
                    f"{include}/sys/")
    yield build.run("cp", "dtrace", f"{include}/")
    yield build.run("cp", "dtrace.in", f"{include}/dtrace.py")


RECIPE = Recipe(
    commands, archives=(), arguments=("--with-dtrace",),
    configure={"ac_cv_path_DTRACE": "{prefix}/include/dtrace",
               "CPPFLAGS": "-I{prefix}/include"})
