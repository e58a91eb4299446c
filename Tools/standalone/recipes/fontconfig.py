"""fontconfig: finds fonts by name, for libXft."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes

# The result of its configure on any Linux.
_CONFIG = """\
#define ALIGNOF_DOUBLE _Alignof(double)
#define ALIGNOF_VOID_P __SIZEOF_POINTER__
#define FLEXIBLE_ARRAY_MEMBER
#define FC_GPERF_SIZE_T size_t
#define HAVE_DIRENT_H 1
#define HAVE_FCNTL_H 1
#define HAVE_FSTATFS 1
#define HAVE_FSTATVFS 1
#define HAVE_FT_DONE_MM_VAR 1
#define HAVE_FT_GET_BDF_PROPERTY 1
#define HAVE_FT_GET_PS_FONT_INFO 1
#define HAVE_FT_GET_X11_FONT_FORMAT 1
#define HAVE_FT_HAS_PS_GLYPH_NAMES 1
#define HAVE_GETPAGESIZE 1
#define HAVE_INTEL_ATOMIC_PRIMITIVES 1
#define HAVE_LINK 1
#define HAVE_LRAND48 1
#define HAVE_LSTAT 1
#define HAVE_MKDTEMP 1
#define HAVE_MKOSTEMP 1
#define HAVE_MKSTEMP 1
#define HAVE_MMAP 1
#define HAVE_POSIX_FADVISE 1
#define HAVE_PTHREAD 1
#define HAVE_RAND 1
#define HAVE_RANDOM 1
#define HAVE_RANDOM_R 1
#define HAVE_RAND_R 1
#define HAVE_READLINK 1
#define HAVE_SCHED_H 1
#define HAVE_SCHED_YIELD 1
#define HAVE_STDATOMIC_PRIMITIVES 1
#define HAVE_STDINT_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRERROR 1
#define HAVE_STRERROR_R 1
#define HAVE_STRING_H 1
#define HAVE_STRUCT_DIRENT_D_TYPE 1
#define HAVE_STRUCT_STAT_ST_MTIM 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_SYS_STATFS_H 1
#define HAVE_SYS_STATVFS_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_SYS_VFS_H 1
#define HAVE_UNISTD_H 1
#define HAVE_XML_SETDOCTYPEDECLHANDLER 1
#define SIZEOF_VOID_P __SIZEOF_POINTER__
"""

# The configuration to use if the system has none.
_DIRECTORIES = ("/usr/share/fonts", "/usr/local/share/fonts")
_ALIASES = {
    "sans-serif": ("DejaVu Sans", "Noto Sans", "Liberation Sans"),
    "serif": ("DejaVu Serif", "Noto Serif", "Liberation Serif"),
    "monospace": ("DejaVu Sans Mono", "Noto Sans Mono", "Liberation Mono"),
    "sans": ("sans-serif", "DejaVu Sans"),
}


def _defaults() -> str:
    """Return the default configuration in fontconfig's XML format.

    https://www.freedesktop.org/software/fontconfig/fontconfig-user.html
    """
    families = {name: "".join(f"<family>{family}</family>"
                              for family in preferred)
                for name, preferred in _ALIASES.items()}
    return "".join([
        *(f"<dir>{directory}</dir>" for directory in _DIRECTORIES),
        *(f"<alias><family>{name}</family><prefer>{preferred}</prefer>"
          "</alias>" for name, preferred in families.items())])


# The paths of the system's configuration and caches.
_PATHS = {
    "CONFIGDIR": "/etc/fonts/conf.d",
    "FC_CACHEDIR": "/var/cache/fontconfig",
    "FC_DEFAULT_FONTS": _defaults(),
    "FC_TEMPLATEDIR": "/usr/share/fontconfig/conf.avail",
    "FONTCONFIG_PATH": "/etc/fonts",
}

# gperf, which may not be installed, would generate a hash table of these
# names from fcobjshash.gperf.h.  A linear search is fast enough for sixty
# names and few look-ups.
_NAMES = """\
#include <string.h>

static const struct FcObjectTypeInfo {
    const char *name;
    int id;
} _FcObjects[] = {
#define FC_OBJECT(NAME, Type, Cmp) { FC_##NAME, FC_##NAME##_OBJECT },
#include "fcobjs.h"
#undef FC_OBJECT
};

static const struct FcObjectTypeInfo *
FcObjectTypeLookup (const char *str, FC_GPERF_SIZE_T len)
{
    for (size_t i = 0; i < sizeof _FcObjects / sizeof *_FcObjects; i++)
        if (!strcmp (str, _FcObjects[i].name))
            return &_FcObjects[i];
    return NULL;
}
"""


def commands(build: Build) -> Commands:
    """Compile without configure, which requires gperf and gettext."""
    freetype = build.needs["freetype"]
    yield build.write("config.h", _CONFIG + "".join(
        f'#define {name} "{path}"\n' for name, path in _PATHS.items()))
    yield build.write("src/fcobjshash.h", _NAMES)
    # These define aliases that only a shared library needs.
    for name in ("fcalias", "fcaliastail", "fcftalias", "fcftaliastail"):
        yield build.write(f"src/{name}.h", "")
    yield from compile_archive(
        build, "libfontconfig.a", ["src/*.c"],
        headers={f"fontconfig/{name}.h": "fontconfig" for name in (
            "fcfreetype", "fcprivate", "fontconfig")},
        flags=f"-I. -Isrc -Ifc-case -Ifc-lang {includes(build)} "
              f"-I{freetype}/include/freetype2 -D_GNU_SOURCE "
              "-DHAVE_CONFIG_H")


RECIPE = Recipe(commands, archives=("libfontconfig.a",),
                needs=("expat", "freetype"))
