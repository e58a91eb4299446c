"""libXft: anti-aliased text with FreeType and fontconfig, for Tk."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes


def commands(build: Build) -> Commands:
    """Compile without configure: there is nothing to configure."""
    freetype = build.needs["freetype"]
    yield from compile_archive(
        build, "libXft.a", ["src/*.c"],
        headers={"include/X11/Xft/Xft.h": "X11/Xft",
                 "include/X11/Xft/XftCompat.h": "X11/Xft"},
        flags=f"-Iinclude -Iinclude/X11/Xft {includes(build)} "
              f"-I{freetype}/include/freetype2 -DHAVE_STDLIB_H "
              "-DHAVE_STRING_H -DHAVE_STRINGS_H")


RECIPE = Recipe(
    commands, archives=("libXft.a",),
    needs=("fontconfig", "freetype", "libx11", "libxrender", "x11proto"))
