"""Zstandard, for the _zstd module of CPython 3.14 and newer."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags


def commands(build: Build) -> Commands:
    """Build the library with threads, which compression.zstd supports."""
    flags = f"{cflags(build)} -DZSTD_MULTITHREAD -DZSTDLIB_VISIBLE="
    # The Huffman decoder in assembly lacks frame pointers and notes for
    # control-flow protection; the C code gives the same results.
    yield build.make("-C", "lib", "libzstd.a", "ZSTD_NO_ASM=1",
                     "CC=cc", "AR=ar", f"CFLAGS={flags}")
    yield build.run("make", "-C", "lib", "install-static",
                    "install-includes", f"PREFIX={build.prefix}",
                    "ZSTD_NO_ASM=1", "CC=cc", "AR=ar", f"CFLAGS={flags}")


RECIPE = Recipe(
    commands, archives=("libzstd.a",),
    configure={"LIBZSTD_CFLAGS": "-I{prefix}/include",
               "LIBZSTD_LIBS": "{prefix}/lib/libzstd.a"},
    since=(3, 14))
