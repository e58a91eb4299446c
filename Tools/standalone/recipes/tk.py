"""Tk: the GUI toolkit, for _tkinter."""

from standalone.core.layout import PREFIX
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags, includes, shared_library

# The names that tkDecls.h and ttkDecls.h declare, without those of the X11
# and font libraries.  Pillow and matplotlib look up some of them in the
# _tkinter module, and dlsym() finds them in its dependency.
# https://github.com/python-pillow/Pillow/blob/main/src/Tk/tkImaging.c
_EXPORTS = ("Tk_*", "Ttk_*")

# configure would search for these libraries with xft-config and -lX11.
_FOUND = {
    "ac_cv_have_x": "have_x=yes ac_x_includes= ac_x_libraries=",
    "ac_cv_header_X11_Xft_Xft_h": "yes",
    "ac_cv_lib_Xft_XftFontOpen": "yes",
    "ac_cv_lib_fontconfig_FcFontSort": "yes",
    "ac_cv_lib_X11_XkbKeycodeToKeysym": "yes",
    "ac_cv_lib_Xss_XScreenSaverQueryInfo": "yes",
}

_CONFIGURE = """\
set -e
sed "s|^TCL_SRC_DIR=.*|TCL_SRC_DIR=$1/share/source|" \\
    "$1/share/source/unix/tclConfig.sh" >tclConfig.sh
printf '#!/bin/sh\\n' >xft-config
chmod +x xft-config
shift
PATH=.:$PATH exec ./configure --with-tcl=. "$@"
"""

# In the order that a linker requires.
_INSIDE = (
    ("tcl", "tclstub8.6"), ("libxft", "Xft"), ("fontconfig", "fontconfig"),
    ("freetype", "freetype"), ("expat", "expat"), ("libxrender", "Xrender"),
    ("libxss", "Xss"), ("libxext", "Xext"), ("libx11", "X11"),
    ("libxcb", "xcb"), ("libxau", "Xau"), ("libxdmcp", "Xdmcp"),
    ("zlib", "z"))


def commands(build: Build) -> Commands:
    """Build the library with anti-aliased fonts; install its scripts."""
    unix = build.source / "unix"
    tcl, freetype = build.needs["tcl"], build.needs["freetype"]
    scripts = f"{build.prefix}/share/tk8.6"
    yield build.run(
        "sh", "-c", _CONFIGURE, "configure", str(tcl), f"--prefix={PREFIX}",
        f"--build={build.platform.autoconf}",
        f"--host={build.platform.autoconf}",
        "--enable-shared", "--enable-threads", "--enable-xft",
        cwd=unix, CC="cc", AR="ar", RANLIB="ranlib", **_FOUND,
        CFLAGS=f"{cflags(build)} {includes(build)} "
               f"-I{freetype}/include/freetype2")
    inside = " ".join(f"{build.needs[name]}/lib/lib{library}.a"
                      for name, library in _INSIDE)
    yield from shared_library(build, "libtk8.6.so", _EXPORTS,
                              f"{inside} -ldl -lm -lpthread", cwd=unix)
    yield build.run("make", "install-libraries", "libraries=",
                    f"SCRIPT_INSTALL_DIR={scripts}", cwd=unix)
    # C source of wish, and images that only demos use.
    yield build.run("sh", "-c", 'rm -r "$0/tkAppInit.c" "$0/images"',
                    scripts)
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("sh", "-c", 'cp generic/tk*.h "$0"',
                    f"{build.prefix}/include")


RECIPE = Recipe(
    commands, archives=(), libraries=("libtk8.6.so",),
    configure={
        "TCLTK_CFLAGS": "-I{prefix}/include -I{tcl}/include "
                        "-I{libx11}/include -I{x11proto}/include",
        # Relative to lib/python3.13/lib-dynload; quoted for make and shell.
        "TCLTK_LIBS": "{prefix}/lib/libtk8.6.so {tcl}/lib/libtcl8.6.so "
                      "-Wl,-rpath,\\$$ORIGIN/../.."},
    needs=("expat", "fontconfig", "freetype", "libx11", "libxau", "libxcb",
           "libxdmcp", "libxext", "libxft", "libxrender", "libxss", "tcl",
           "x11proto", "zlib"),
    data={"share/tk8.6": "lib/tk8.6"})
