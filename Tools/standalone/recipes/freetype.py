"""FreeType: renders glyphs of font files, for fontconfig and libXft."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes

# The base files that docs/INSTALL.ANY lists, and all modules in
# include/freetype/config/ftmodule.h.
_BASE = ("base", "bbox", "bdf", "bitmap", "cid", "debug", "fstype", "gasp",
         "glyph", "gxval", "init", "mm", "otval", "patent", "pfr", "stroke",
         "synth", "type1", "winfnt")
_MODULES = ("autofit/autofit", "bdf/bdf", "cache/ftcache", "cff/cff",
            "cid/type1cid", "gzip/ftgzip", "lzw/ftlzw", "pcf/pcf",
            "pfr/pfr", "psaux/psaux", "pshinter/pshinter",
            "psnames/psnames", "raster/raster", "sdf/sdf", "sfnt/sfnt",
            "smooth/smooth", "svg/svg", "truetype/truetype", "type1/type1",
            "type42/type42", "winfonts/winfnt")


def commands(build: Build) -> Commands:
    """Compile without configure, which takes longer than the compiler."""
    yield from compile_archive(
        build, "libfreetype.a",
        [*(f"src/base/ft{name}.c" for name in _BASE),
         *(f"src/{name}.c" for name in _MODULES),
         "builds/unix/ftsystem.c"], headers={},
        flags=f"-Ibuilds/unix -Iinclude {includes(build)} "
              "-DFT2_BUILD_LIBRARY -DFT_CONFIG_OPTION_SYSTEM_ZLIB "
              "-DHAVE_FCNTL_H -DHAVE_UNISTD_H")
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("cp", "-R", "include",
                    f"{build.prefix}/include/freetype2")


RECIPE = Recipe(commands, archives=("libfreetype.a",), needs=("zlib",))
