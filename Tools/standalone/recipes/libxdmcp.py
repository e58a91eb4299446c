"""libXdmcp: XDM-AUTHORIZATION-1, for libxcb."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes

_SOURCES = ("Array", "Fill", "Flush", "Key", "Read", "Unwrap", "Wrap",
            "Wraphelp", "Write")


def commands(build: Build) -> Commands:
    """Compile without configure; its results are the same for any glibc."""
    yield from compile_archive(
        build, "libXdmcp.a", [f"{name}.c" for name in _SOURCES],
        headers={"include/X11/Xdmcp.h": "X11"},
        flags=f"-Iinclude {includes(build)} -D_GNU_SOURCE -DHASXDMAUTH "
              "-DHAVE_LRAND48 -DHAVE_SRAND48")


RECIPE = Recipe(commands, archives=("libXdmcp.a",), needs=("x11proto",))
