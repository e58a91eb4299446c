"""libXrender: drawing with transparency, for libXft."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes


def commands(build: Build) -> Commands:
    """Compile without configure: there is nothing to configure."""
    yield from compile_archive(
        build, "libXrender.a", ["src/*.c"],
        headers={"include/X11/extensions/Xrender.h": "X11/extensions"},
        flags=f"-Iinclude -Iinclude/X11/extensions {includes(build)}")


RECIPE = Recipe(commands, archives=("libXrender.a",),
                needs=("libx11", "x11proto"))
