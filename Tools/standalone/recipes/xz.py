"""XZ Utils: liblzma, for the _lzma module."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools


def commands(build: Build) -> Commands:
    """Build liblzma without the command line tools."""
    yield from autotools(
        build, "--disable-xz", "--disable-xzdec", "--disable-lzmadec",
        "--disable-lzmainfo", "--disable-scripts", "--disable-doc",
        "--disable-nls", "--disable-rpath",
        # Otherwise its headers mark the whole API as exported.
        gl_cv_cc_visibility="no")


RECIPE = Recipe(
    commands, archives=("liblzma.a",),
    configure={"LIBLZMA_CFLAGS": "-I{prefix}/include",
               "LIBLZMA_LIBS": "{prefix}/lib/liblzma.a"})
