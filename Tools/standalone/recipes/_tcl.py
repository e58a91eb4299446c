"""How to build Tcl, the scripting language of Tk, for _tkinter."""

from collections.abc import Callable
from dataclasses import dataclass

from standalone.core.layout import PREFIX, TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags, shared_library


@dataclass(frozen=True)
class Release:
    """What distinguishes the builds of Tcl and Tk of one release."""

    version: str
    configure: tuple[str, ...]   # options of both configure scripts
    exports: tuple[str, ...]     # names that Tcl's public headers declare
    stubs: str                   # the part of Tcl that Tk is linked with
    tk: str                      # Tk's shared library

    @property
    def tcl(self) -> str:
        """The name of Tcl's shared library."""
        return f"libtcl{self.version}.so"

    @property
    def modules(self) -> str:
        """The directory of packages for all Tcl of this major version."""
        return f"tcl{self.version.partition('.')[0]}"


# tclDecls.h (TclFreeObj() is used by the macro Tcl_DecrRefCount()),
# tclOODecls.h and tclTomMathDecls.h.
_EXPORTS = ("Tcl_*", "TclFreeObj", "TclBN_*")
TCL8 = Release("8.6", ("--enable-threads",), _EXPORTS, "tclstub8.6",
               "libtk8.6.so")
# By default Tcl 9 appends its scripts to the library as a zip file.  In
# files, people can read them, and the doctor can check them.  Tk 9 would
# link the machine's CUPS.  tcl.h and tclDecls.h declare TclZipfs_AppHook(),
# TclZipfs_Mount() and others, which PyInstaller's splash screen looks up.
TCL9 = Release("9.0", ("--disable-zipfs", "--disable-libcups"),
               (*_EXPORTS, "TclZipfs_*"), "tclstub", "libtcl9tk9.0.so")

# They replace the file that finds Tcl's scripts.
_COMPAT = ("tcl_library.c", "beside.h")


def recipe(release: Release, *, since: tuple[int, int] = (3, 0),
           replaces: tuple[str, ...] = ()) -> Recipe:
    """Return the recipe for Tcl of a release.

    Tcl is a shared library because PyInstaller and others open it.
    """
    return Recipe(
        _commands(release), archives=(), libraries=(release.tcl,),
        needs=("zlib",), since=since, replaces=replaces,
        data={f"share/{name}": f"lib/{name}"
              for name in (release.modules, f"tcl{release.version}")})


def _commands(release: Release) -> Callable[[Build], Commands]:
    return lambda build: _build(build, release)


def _build(build: Build, release: Release) -> Commands:
    """Build the library; install its scripts and the files that Tk needs."""
    unix = build.source / "unix"
    zlib = build.needs["zlib"]
    data = f"{build.prefix}/share"
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
        "--enable-shared", *release.configure,
        # Use the system's time zones, like Python itself.
        "--with-tzdata=no", "--with-encoding=utf-8",
        cwd=unix, CC="cc", AR="ar", RANLIB="ranlib", CFLAGS=cflags(build),
        CPPFLAGS=f"-I{zlib}/include", LDFLAGS=f"-L{zlib}/lib")
    yield from shared_library(
        build, release.tcl, release.exports,
        f"{zlib}/lib/libz.a -ldl -lm -lpthread", cwd=unix)
    scripts = f"{data}/tcl{release.version}"
    yield build.run(
        "make", "install-libraries", "install-msgs", "libraries=",
        f"SCRIPT_INSTALL_DIR={scripts}",
        f"MODULE_INSTALL_DIR={data}/{release.modules}", "MAN_FLAGS=",
        cwd=unix)
    # C source of tclsh.
    yield build.run("rm", f"{scripts}/tclAppInit.c")
    yield build.run("mkdir", "-p", f"{build.prefix}/include",
                    f"{data}/source")
    yield build.run("cp", f"unix/lib{release.stubs}.a",
                    f"{build.prefix}/lib/")
    yield build.run("sh", "-c", 'cp generic/tcl*.h "$0"',
                    f"{build.prefix}/include")
    # Tk's build reads headers in Tcl's sources and the results of Tcl's
    # configure.  They contain paths of this build and are not packed.
    yield build.run("cp", "-R", "generic", "unix", f"{data}/source/")
