"""libXScrnSaver: the time since the last user input, for Tk."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes


def commands(build: Build) -> Commands:
    """Compile without configure: there is only one file."""
    yield from compile_archive(
        build, "libXss.a", ["src/XScrnSaver.c"],
        headers={"include/X11/extensions/scrnsaver.h": "X11/extensions"},
        flags=f"-Iinclude {includes(build)}")


RECIPE = Recipe(commands, archives=("libXss.a",),
                needs=("libx11", "libxext", "x11proto"))
