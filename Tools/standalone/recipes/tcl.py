"""Tcl: the scripting language of Tk, for _tkinter."""

from standalone.core.layout import PREFIX, TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags, shared_library

# The names that its public headers declare: tclDecls.h (TclFreeObj() is
# used by the macro Tcl_DecrRefCount()), tclOODecls.h, tclTomMathDecls.h.
_EXPORTS = ("Tcl_*", "TclFreeObj", "TclBN_*")

# They replace the file that finds Tcl's scripts.
_COMPAT = ("tcl_library.c", "beside.h")


def commands(build: Build) -> Commands:
    """Build the library; install its scripts and the files that Tk needs.

    We use 8.6, like the installers of CPython 3.13, because tkinter lacks
    changes for 9.0: https://github.com/python/cpython/pull/153484

    Tcl is a shared library because PyInstaller and others open it.
    """
    unix = build.source / "unix"
    zlib = build.needs["zlib"]
    scripts = f"{build.prefix}/share"
    yield build.run("mv", "tclUnixInit.c", "tclUnixInit_upstream.c", cwd=unix)
    for name in _COMPAT:
        yield build.write(
            f"unix/{name}",
            (TOOLS / "compat" / name).read_text(encoding="utf-8"))
    yield build.run("mv", "tcl_library.c", "tclUnixInit.c", cwd=unix)
    yield build.run(
        "./configure", f"--prefix={PREFIX}",
        f"--build={build.platform.autoconf}",
        f"--host={build.platform.autoconf}",
        "--enable-shared", "--enable-threads",
        # Use the system's time zones, like Python itself.
        "--with-tzdata=no", "--with-encoding=utf-8",
        cwd=unix, CC="cc", AR="ar", RANLIB="ranlib", CFLAGS=cflags(build),
        CPPFLAGS=f"-I{zlib}/include", LDFLAGS=f"-L{zlib}/lib")
    yield from shared_library(
        build, "libtcl8.6.so", _EXPORTS, f"{zlib}/lib/libz.a -ldl -lm "
        "-lpthread", cwd=unix)
    yield build.run(
        "make", "install-libraries", "install-msgs", "libraries=",
        f"SCRIPT_INSTALL_DIR={scripts}/tcl8.6",
        f"MODULE_INSTALL_DIR={scripts}/tcl8", "MAN_FLAGS=", cwd=unix)
    # C source of tclsh.
    yield build.run("rm", f"{scripts}/tcl8.6/tclAppInit.c")
    yield build.run("mkdir", "-p", f"{build.prefix}/include",
                    f"{scripts}/source")
    # The stub library lets Tk work with any Tcl 8.6.
    yield build.run("cp", "unix/libtclstub8.6.a", f"{build.prefix}/lib/")
    yield build.run("sh", "-c", 'cp generic/tcl*.h "$0"',
                    f"{build.prefix}/include")
    # Tk's build reads headers in Tcl's sources and the results of Tcl's
    # configure.  They contain paths of this build and are not packed.
    yield build.run("cp", "-R", "generic", "unix", f"{scripts}/source/")


RECIPE = Recipe(
    commands, archives=(), libraries=("libtcl8.6.so",), needs=("zlib",),
    data={"share/tcl8": "lib/tcl8", "share/tcl8.6": "lib/tcl8.6"})
