"""libXau: reads ~/.Xauthority, for libxcb."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes

_SOURCES = ("AuDispose", "AuFileName", "AuGetAddr", "AuGetBest", "AuLock",
            "AuRead", "AuUnlock", "AuWrite")


def commands(build: Build) -> Commands:
    """Compile without configure; its results are the same for any glibc."""
    yield from compile_archive(
        build, "libXau.a", [f"{name}.c" for name in _SOURCES],
        headers={"include/X11/Xauth.h": "X11"},
        flags=f"-Iinclude {includes(build)} -DXTHREADS -DHAVE_UNISTD_H "
              "-DHAVE_PATHCONF")


RECIPE = Recipe(commands, archives=("libXau.a",), needs=("x11proto",))
