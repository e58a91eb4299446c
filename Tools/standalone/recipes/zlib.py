"""zlib: deflate compression, for the zlib module."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags


def commands(build: Build) -> Commands:
    """Build the library with its own, hand-written configure.

    The script supports neither --host nor --disable-shared.
    """
    yield build.run("./configure", f"--prefix={build.prefix}", "--static",
                    CC="cc", AR="ar", RANLIB="ranlib", CFLAGS=cflags(build))
    yield build.make("libz.a")
    yield build.run("make", "install")


RECIPE = Recipe(
    commands, archives=("libz.a",),
    configure={"ZLIB_CFLAGS": "-I{prefix}/include",
               "ZLIB_LIBS": "{prefix}/lib/libz.a"})
