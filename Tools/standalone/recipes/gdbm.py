"""GNU dbm for the _gdbm module, where OPTIONS asks for the GPL."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools


def commands(build: Build) -> Commands:
    """Build the library alone; _dbm has Berkeley DB."""
    configure, *_ = autotools(build, "--disable-nls", "--without-readline")
    yield configure
    yield build.make("libgdbm.la", cwd=build.source / "src")
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "src/.libs/libgdbm.a", f"{build.prefix}/lib/")
    yield build.run("cp", "src/gdbm.h", f"{build.prefix}/include/")


RECIPE = Recipe(
    commands, archives=("libgdbm.a",),
    # configure would also want it in --with-dbmliborder, for _dbm.
    setup={"_gdbm": "-I{prefix}/include {prefix}/lib/libgdbm.a"}, gpl=True)
