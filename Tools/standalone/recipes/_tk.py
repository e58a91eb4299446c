"""How to build Tk, the GUI toolkit, for _tkinter."""

from collections.abc import Callable
from pathlib import Path

from standalone.core.layout import PREFIX
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags, includes, shared_library
from standalone.recipes._tcl import Release

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

# In the order that a linker requires, after Tcl's stubs.
_INSIDE = (
    ("libxft", "Xft"), ("fontconfig", "fontconfig"),
    ("freetype", "freetype"), ("expat", "expat"), ("libxrender", "Xrender"),
    ("libxss", "Xss"), ("libxext", "Xext"), ("libx11", "X11"),
    ("libxcb", "xcb"), ("libxau", "Xau"), ("libxdmcp", "Xdmcp"),
    ("zlib", "z"))

_NEEDS = ("expat", "fontconfig", "freetype", "libx11", "libxau", "libxcb",
          "libxdmcp", "libxext", "libxft", "libxrender", "libxss", "x11proto",
          "zlib")


def recipe(release: Release, tcl: str, *, since: tuple[int, int] = (3, 0),
           replaces: tuple[str, ...] = ()) -> Recipe:
    """Return the recipe for Tk of a release; *tcl* names that of Tcl."""
    return Recipe(
        _commands(release, tcl), archives=(), libraries=(release.tk,),
        configure={
            "TCLTK_CFLAGS": f"-I{{prefix}}/include -I{{{tcl}}}/include "
                            "-I{libx11}/include -I{x11proto}/include",
            # Relative to lib/python3.X/lib-dynload; quoted for make and
            # shell.
            "TCLTK_LIBS": f"{{prefix}}/lib/{release.tk} "
                          f"{{{tcl}}}/lib/{release.tcl} "
                          "-Wl,-rpath,\\$$ORIGIN/../.."},
        needs=tuple(sorted((*_NEEDS, tcl))), since=since, replaces=replaces,
        data={f"share/tk{release.version}": f"lib/tk{release.version}"})


def _commands(release: Release, tcl: str) -> Callable[[Build], Commands]:
    return lambda build: _build(build, release, build.needs[tcl])


def _build(build: Build, release: Release, tcl: Path) -> Commands:
    """Build the library with anti-aliased fonts; install its scripts."""
    unix = build.source / "unix"
    freetype = build.needs["freetype"]
    scripts = f"{build.prefix}/share/tk{release.version}"
    yield build.run(
        "sh", "-c", _CONFIGURE, "configure", str(tcl), f"--prefix={PREFIX}",
        f"--build={build.platform.autoconf}",
        f"--host={build.platform.autoconf}",
        "--enable-shared", *release.configure, "--enable-xft",
        cwd=unix, CC="cc", AR="ar", RANLIB="ranlib", **_FOUND,
        CFLAGS=f"{cflags(build)} {includes(build)} "
               f"-I{freetype}/include/freetype2")
    inside = " ".join((f"{tcl}/lib/lib{release.stubs}.a", *(
        f"{build.needs[name]}/lib/lib{library}.a"
        for name, library in _INSIDE)))
    yield from shared_library(build, release.tk, _EXPORTS,
                              f"{inside} -ldl -lm -lpthread", cwd=unix)
    yield build.run("make", "install-libraries", "libraries=",
                    f"SCRIPT_INSTALL_DIR={scripts}", cwd=unix)
    # C source of wish, and images that only demos use.
    yield build.run("sh", "-c", 'rm -r "$0/tkAppInit.c" "$0/images"',
                    scripts)
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("sh", "-c", 'cp generic/tk*.h "$0"',
                    f"{build.prefix}/include")
