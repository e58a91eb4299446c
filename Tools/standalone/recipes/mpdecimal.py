"""mpdecimal, for _decimal in a CPython that does not use its own copy.

3.15 still has the copy, but uses it only with --without-system-libmpdec:
https://docs.python.org/3.15/using/configure.html
"""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools


def commands(build: Build) -> Commands:
    """Build only the C library."""
    configure, *_ = autotools(build, "--disable-cxx", "--disable-doc")
    yield configure
    yield build.make("-C", "libmpdec", "libmpdec.a")
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "libmpdec/libmpdec.a", f"{build.prefix}/lib/")
    yield build.run("cp", "libmpdec/mpdecimal.h", f"{build.prefix}/include/")


RECIPE = Recipe(
    commands, archives=("libmpdec.a",),
    configure={"LIBMPDEC_CFLAGS": "-I{prefix}/include",
               "LIBMPDEC_LIBS": "{prefix}/lib/libmpdec.a -lm"},
    arguments=("--with-system-libmpdec",),
    bundled="Modules/_decimal/libmpdec/mpdecimal.h", unbundled=(3, 15))
