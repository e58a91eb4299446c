"""GNU dbm for the _gdbm module, only with OPTIONS=gpl."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools


def commands(build: Build) -> Commands:
    """Build only the library, without its dbm interface.

    The _dbm module uses Berkeley DB.
    """
    configure, *_ = autotools(build, "--disable-nls", "--without-readline")
    yield configure
    yield build.make("libgdbm.la", cwd=build.source / "src")
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "src/.libs/libgdbm.a", f"{build.prefix}/lib/")
    yield build.run("cp", "src/gdbm.h", f"{build.prefix}/include/")


RECIPE = Recipe(
    commands, archives=("libgdbm.a",),
    # configure enables _gdbm only if --with-dbmliborder, which selects the
    # library for _dbm, includes gdbm.
    setup={"_gdbm": "-I{prefix}/include {prefix}/lib/libgdbm.a"}, gpl=True)
