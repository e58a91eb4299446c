"""bzip2: block-sorting compression, for the _bz2 module."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive

_SOURCES = ("blocksort", "huffman", "crctable", "randtable", "compress",
            "decompress", "bzlib")


def commands(build: Build) -> Commands:
    """Build only the library; `make install` would need the tools."""
    yield from compile_archive(
        build, "libbz2.a", [f"{name}.c" for name in _SOURCES],
        headers={"bzlib.h": ""}, flags="-D_FILE_OFFSET_BITS=64")


RECIPE = Recipe(
    commands, archives=("libbz2.a",),
    configure={"BZIP2_CFLAGS": "-I{prefix}/include",
               "BZIP2_LIBS": "{prefix}/lib/libbz2.a"})
