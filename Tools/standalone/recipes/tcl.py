"""Tcl: the language that Tk is written in, for _tkinter."""

from standalone.model import Build, Commands, Recipe
from standalone.paths import PREFIX
from standalone.steps import cflags


def commands(build: Build) -> Commands:
    """Build the library, install its scripts and what Tk is built with.

    8.6 and not 9.0: it is what CPython 3.13 is released with, whose
    tkinter lacks changes for 9.0: https://github.com/python/cpython/pull/153484
    """
    unix = build.source / "unix"
    zlib = build.needs["zlib"]
    scripts = f"{build.prefix}/share"
    yield build.run(
        "./configure", f"--prefix={PREFIX}", f"--build={build.target.gnu}",
        f"--host={build.target.gnu}", "--disable-shared", "--enable-threads",
        # The system's are used, as by Python itself.
        "--with-tzdata=no", "--with-encoding=utf-8",
        cwd=unix, CC="cc", AR="ar", RANLIB="ranlib", CFLAGS=cflags(build),
        CPPFLAGS=f"-I{zlib}/include", LDFLAGS=f"-L{zlib}/lib")
    yield build.make("libtcl8.6.a", cwd=unix)
    yield build.run(
        "make", "install-libraries", "install-msgs", "libraries=",
        f"SCRIPT_INSTALL_DIR={scripts}/tcl8.6",
        f"MODULE_INSTALL_DIR={scripts}/tcl8", "MAN_FLAGS=", cwd=unix)
    # C, for who would compile a tclsh.
    yield build.run("rm", f"{scripts}/tcl8.6/tclAppInit.c")
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include", f"{scripts}/source")
    yield build.run("cp", "unix/libtcl8.6.a", f"{build.prefix}/lib/")
    yield build.run("sh", "-c", 'cp generic/tcl*.h "$0"',
                    f"{build.prefix}/include")
    # Tk reads its sources' headers and what configure found.  That names
    # this build's directory: nothing of it goes into an archive.
    yield build.run("cp", "-R", "generic", "unix", f"{scripts}/source/")


RECIPE = Recipe(
    commands, archives=("libtcl8.6.a",), needs=("zlib",),
    data={"share/tcl8": "lib/tcl8", "share/tcl8.6": "lib/tcl8.6"})
