"""Build steps that several recipes share."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from standalone.core.model import Build, Commands


def cflags(build: Build) -> str:
    """Return all compiler flags of a dependency as one string."""
    return " ".join(build.cflags)


def includes(build: Build) -> str:
    """Return -I flags for the headers of all needed dependencies."""
    return " ".join(f"-I{prefix}/include"
                    for prefix in build.needs.values())


def autotools(build: Build, *arguments: str, **env: str) -> Commands:
    """Run configure, make and make install for a static library.

    *arguments* are added to GNU configure's usual options, and *env* to
    its environment.
    """
    yield build.run(
        "./configure", f"--prefix={build.prefix}",
        f"--build={build.platform.autoconf}",
        f"--host={build.platform.autoconf}",
        "--disable-shared", "--enable-static", "--disable-dependency-tracking",
        *arguments, cwd=build.source, CC="cc", AR="ar", RANLIB="ranlib",
        CFLAGS=cflags(build), **env)
    yield build.make()
    yield build.run("make", "install")


def compile_archive(build: Build, archive: str, sources: Iterable[str],
                    headers: Mapping[str, str], flags: str = "") -> Commands:
    """Compile C sources into a static library with a makefile of ours.

    This is for libraries that have no configure script, or whose script
    takes longer than their compilation.  *sources* may be patterns for
    make's wildcard function.  *headers* maps headers to directories below
    ``include/`` to install them in.
    """
    yield build.write("standalone.mk", "".join(
        _makefile(build, archive, list(sources), flags)))
    yield build.make("-f", "standalone.mk", archive)
    yield build.run("mkdir", "-p", f"{build.prefix}/lib")
    yield build.run("cp", archive, f"{build.prefix}/lib/")
    for header, directory in headers.items():
        include = f"{build.prefix}/include/{directory}".rstrip("/")
        yield build.run("mkdir", "-p", include)
        yield build.run("cp", header, f"{include}/")


def shared_library(build: Build, library: str, exports: Iterable[str],
                   inside: str, cwd: Path) -> Commands:
    """Build a shared library like Tcl's with the makefile in *cwd*.

    *exports* are patterns of the names to export.  *inside* are the
    linker flags for the libraries that it needs.
    """
    yield build.write("exports.map", "".join([
        "{\n  global: ", *(f"{name}; " for name in exports),
        "\n  local: *;\n};\n"]))
    options = " ".join((
        *build.ldflags, f"-Wl,-soname,{library}",
        f"-Wl,--version-script={build.source}/exports.map"))
    yield build.make(library, f"LDFLAGS={options}", f"SHLIB_LD_LIBS={inside}",
                     "LD_SEARCH_FLAGS=", cwd=cwd)
    yield build.run("mkdir", "-p", f"{build.prefix}/lib")
    yield build.run("cp", f"{cwd}/{library}", f"{build.prefix}/lib/")


def _makefile(build: Build, archive: str, sources: list[str],
              flags: str) -> Iterator[str]:
    objects = " ".join(map(_object, sources))
    yield f"CC = cc\nCFLAGS = {cflags(build)} {flags}\n"
    yield f"{archive}: {objects}\n\tar crs $@ $^\n"


def _object(source: str) -> str:
    if "*" in source:
        # make does not sort them, and archives must be reproducible.
        return f"$(patsubst %.c,%.o,$(sort $(wildcard {source})))"
    return source.removesuffix(".c") + ".o"
