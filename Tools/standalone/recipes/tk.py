"""Tk: windows and what is in them, for _tkinter."""

from standalone.model import Build, Commands, Recipe
from standalone.paths import PREFIX
from standalone.steps import cflags, includes

# What _tkinter shows to who opens it: Pillow and matplotlib look there for
# functions of Tcl and Tk.  Nothing of X11 and the fonts' libraries.
# https://github.com/python-pillow/Pillow/blob/main/src/Tk/tkImaging.c
_EXPORTS = """\
{
  global: PyInit_*; Tcl_*; Tk_*;
  local: *;
};
"""

# Its configure would look for them with xft-config and -lX11.
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

# In the order in which a linker wants them.
_ARCHIVES = (
    "{prefix}/lib/libtk8.6.a {tcl}/lib/libtcl8.6.a {libxft}/lib/libXft.a "
    "{fontconfig}/lib/libfontconfig.a {freetype}/lib/libfreetype.a "
    "{expat}/lib/libexpat.a {libxrender}/lib/libXrender.a "
    "{libxss}/lib/libXss.a {libxext}/lib/libXext.a {libx11}/lib/libX11.a "
    "{libxcb}/lib/libxcb.a {libxau}/lib/libXau.a "
    "{libxdmcp}/lib/libXdmcp.a {zlib}/lib/libz.a")


def commands(build: Build) -> Commands:
    """Build the library with smooth fonts, and install its scripts."""
    unix = build.source / "unix"
    tcl, freetype = build.needs["tcl"], build.needs["freetype"]
    scripts = f"{build.prefix}/share/tk8.6"
    yield build.run(
        "sh", "-c", _CONFIGURE, "configure", str(tcl), f"--prefix={PREFIX}",
        f"--build={build.target.gnu}", f"--host={build.target.gnu}",
        "--disable-shared", "--enable-threads", "--enable-xft",
        cwd=unix, CC="cc", AR="ar", RANLIB="ranlib", **_FOUND,
        CFLAGS=f"{cflags(build)} {includes(build)} "
               f"-I{freetype}/include/freetype2")
    yield build.make("libtk8.6.a", cwd=unix)
    yield build.run("make", "install-libraries", "libraries=",
                    f"SCRIPT_INSTALL_DIR={scripts}", cwd=unix)
    # C, for who would compile a wish, and logos that only demos show.
    yield build.run("sh", "-c", 'rm -r "$0/tkAppInit.c" "$0/images"',
                    scripts)
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "unix/libtk8.6.a", f"{build.prefix}/lib/")
    yield build.run("sh", "-c", 'cp generic/tk*.h "$0"',
                    f"{build.prefix}/include")
    yield build.write("exports.map", _EXPORTS)
    yield build.run("cp", "exports.map", f"{build.prefix}/include/")


RECIPE = Recipe(
    commands, archives=("libtk8.6.a",),
    configure={
        "TCLTK_CFLAGS": "-I{prefix}/include -I{tcl}/include "
                        "-I{libx11}/include -I{x11proto}/include",
        # Its own functions are its own also where a program has a Tcl.
        "TCLTK_LIBS": f"{_ARCHIVES} -ldl -lm -lpthread -Wl,-Bsymbolic "
                      "-Wl,--version-script={prefix}/include/exports.map"},
    needs=("expat", "fontconfig", "freetype", "libx11", "libxau", "libxcb",
           "libxdmcp", "libxext", "libxft", "libxrender", "libxss", "tcl",
           "x11proto", "zlib"),
    data={"share/tk8.6": "lib/tk8.6"})
