"""SystemTap's sys/sdt.h and dtrace, for probes in CPython (USDT).

Both are used only while CPython is built.  The result contains notes with
the addresses of the probes for bpftrace, gdb, perf and others:
https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
"""

from standalone.core.model import Build, Commands, Recipe

# Upstream's archive has templates of dtrace and the headers; Debian's
# package has the installed files.
_NORMALISE = """\
set -e
test -e COPYING || cp share/doc/systemtap-sdt-dev/copyright COPYING
test -e dtrace.in || cp bin/dtrace dtrace.in
test -e includes || cp -R include/*-*-* includes
"""

# The result of upstream's configure: the assemblers of clang and GNU
# binutils 2.22 support the section flag "?".
_CONFIG = "#define _SDT_ASM_SECTION_AUTOGROUP_SUPPORT 1\n"

# Without site-packages: dtrace uses another parser if it finds pyparsing.
_DTRACE = """\
#!/bin/sh
exec "$STANDALONE_PYTHON" -I -S "$0.py" -I"${0%/*}" "$@"
"""


def commands(build: Build) -> Commands:
    """Install the headers and dtrace."""
    include = f"{build.prefix}/include"
    yield build.run("sh", "-c", _NORMALISE)
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
