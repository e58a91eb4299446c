"""libXext: extensions of the X protocol, for libXss."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes


def commands(build: Build) -> Commands:
    """Compile without configure: there is nothing to configure."""
    yield from compile_archive(
        build, "libXext.a", ["src/*.c"], headers={},
        flags=f"-Iinclude -Iinclude/X11/extensions {includes(build)} "
              "-DHAVE___BUILTIN_POPCOUNTL")
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("cp", "-R", "include/X11", f"{build.prefix}/include/")


RECIPE = Recipe(commands, archives=("libXext.a",),
                needs=("libx11", "libxau", "x11proto"))
