"""libX11: the X Window System's client library, for Tk."""

from standalone.core.layout import TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes

# All of Xlib, including the converters for locales and input methods,
# which it could otherwise load from a directory of the system.
_SOURCES = ("src/*.c", "src/xcms/*.c", "src/xkb/*.c", "src/xlibi18n/*.c",
            "modules/im/ximcp/*.c", "modules/lc/*/*.c",
            "modules/om/generic/*.c")
_INCLUDES = ("include", "include/X11", "src", "src/xcms", "src/xkb",
             "src/xlibi18n", "modules/im/ximcp")

# The result of its configure on any Linux, with the default features.
_CONFIG = (
    "_GNU_SOURCE", "COMPOSECACHE", "HASGETRESUID", "HAS_SHM",
    "HAVE_DLFCN_H", "HAVE_GETADDRINFO", "HAVE_GETPAGESIZE",
    "HAVE_INET_NTOP", "HAVE_MMAP", "HAVE_SETEUID", "HAVE_SOCKLEN_T",
    "HAVE_STDINT_H", "HAVE_STRCASECMP", "HAVE_STRTOL",
    "HAVE_STRUCT_SOCKADDR_STORAGE", "HAVE_SYS_IOCTL_H",
    "HAVE_SYS_PARAM_H", "HAVE_SYS_SELECT_H", "HAVE_SYS_SOCKET_H",
    "HAVE_UNISTD_H", "HAVE___BUILTIN_POPCOUNTL", "IPv6", "TCPCONN",
    "TRANS_CLIENT", "UNIXCONN", "USE_POLL",
    "USE_THREAD_SAFETY_CONSTRUCTOR", "XCMS", "XF86BIGFONT", "XIM_t",
    "XKB", "XLOCALE", "XTHREADS", "XUSE_MTSAFE_API")

# The paths of the system's messages and colours, which are optional.
_PATHS = {
    "X11_DATADIR": "/usr/share/X11",
    "XCMSDIR": "/usr/share/X11",
    "XERRORDB": "/usr/share/X11/XErrorDB",
    "XKEYSYMDB": "/usr/share/X11/XKeysymDB",
    "XLOCALELIBDIR": "/usr/lib/X11/locale",
}

# Search the system's descriptions of locales, then ours.  Without any,
# users cannot type non-ASCII letters.
_LOCALES = """\
extern const char *_XStandaloneLocaleDir(void);
#define XLOCALEDIR _XStandaloneLocaleDir()
"""

_XLIBCONF = """\
#define XTHREADS 1
#define XUSE_MTSAFE_API 1
"""

_KEYSYMS = """\
set -e
{cc} -O -I"$0" -o src/util/makekeys src/util/makekeys.c
cd "$0/X11"
"$OLDPWD/src/util/makekeys" keysymdef.h XF86keysym.h Sunkeysym.h \\
    DECkeysym.h HPkeysym.h >"$OLDPWD/src/ks_tables.h"
"""

# Like the makefile in nls/, which uses cpp and sed, but only for UTF-8;
# languages with their own tables get the common one.
_DATA = """\
set -e
mkdir -p "$0/C" "$0/en_US.UTF-8"
for name in C/XLC_LOCALE en_US.UTF-8/Compose en_US.UTF-8/XLC_LOCALE
do
    sed -e '/^\\/\\*/d' -e '/^#else/,/^#endif/d' -e '/^#/d' \\
        -e 's/^XCOMM/#/' "nls/$name.pre" >"$0/$name"
done
for name in compose.dir locale.alias locale.dir
do
    sed -n -e 's,^[^/]*UTF-8/,en_US.UTF-8/,' \\
        -e '/^C\\/.*[ \t]C$/p' -e '/UTF-8$/p' "nls/$name.pre" >"$0/$name"
done
"""


def commands(build: Build) -> Commands:
    """Compile without configure and libtool, which take a minute."""
    yield build.write("src/config.h", "".join(
        [*(f"#define {name} 1\n" for name in _CONFIG),
         *(f'#define {name} "{path}"\n' for name, path in _PATHS.items()),
         _LOCALES]))
    for name in ("x11_locale.c", "beside.h"):
        yield build.write(f"src/{name}", (
            TOOLS / "compat" / name).read_text(encoding="utf-8"))
    yield build.write("include/X11/XlibConf.h", _XLIBCONF)
    yield build.run("sh", "-c", _KEYSYMS.format(cc=build.cc_for_build),
                    f"{build.needs['x11proto']}/include")
    # The first is for OS/2, the second belongs to another library.
    yield build.run("rm", "src/os2Stubs.c", "src/x11_xcb.c")
    paths = " ".join(f"-I{name}" for name in _INCLUDES)
    yield from compile_archive(
        build, "libX11.a", _SOURCES, headers={},
        flags=f"{paths} {includes(build)} -DHAVE_CONFIG_H "
              "-DMALLOC_0_RETURNS_NULL")
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("cp", "-R", "include/X11", f"{build.prefix}/include/")
    yield build.run("sh", "-c", _DATA, f"{build.prefix}/share/X11/locale")


RECIPE = Recipe(commands, archives=("libX11.a",),
                needs=("libxcb", "x11proto", "xtrans"),
                data={"share/X11": "share/X11"})
