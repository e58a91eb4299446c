"""What several recipes do the same way."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from standalone.core.model import Build, Commands


def cflags(build: Build) -> str:
    """All compiler flags of a dependency, as one string."""
    return " ".join(build.cflags)


def includes(build: Build) -> str:
    """Where the headers are of all that a recipe needs."""
    return " ".join(f"-I{prefix}/include"
                    for prefix in build.needs.values())


def autotools(build: Build, *arguments: str, **env: str) -> Commands:
    """configure, make, make install of a static, position independent
    library, with GNU configure's usual options."""
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
    """An archive from C sources alone, by a makefile of our own.

    For libraries that come without a configure script, or whose script
    takes longer than their compilation.  *sources* may be patterns of
    make's wildcard.  *headers* maps a header to the directory below
    ``include/`` that it goes to.
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
    """A shared library of Tcl's kind, by the makefile in *cwd*, which
    exports names by the patterns *exports*; *inside* is what is linked
    into it, and the C library's own."""
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
        # Sorted, which make is not on its own, so that archives are alike.
        return f"$(patsubst %.c,%.o,$(sort $(wildcard {source})))"
    return source.removesuffix(".c") + ".o"
