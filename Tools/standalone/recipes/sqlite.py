"""SQLite, for the _sqlite3 module."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive

# https://www.sqlite.org/compile.html: the options of Debian's library, on
# which users of Python's sqlite3 rely, except ENABLE_FTS3_TOKENIZER, which
# lets SQL code call any address.
_OPTIONS = (
    "ALLOW_ROWID_IN_VIEW", "ENABLE_COLUMN_METADATA", "ENABLE_DBPAGE_VTAB",
    "ENABLE_DBSTAT_VTAB", "ENABLE_FTS3", "ENABLE_FTS3_PARENTHESIS",
    "ENABLE_FTS4", "ENABLE_FTS5", "ENABLE_GEOPOLY",
    "ENABLE_LOAD_EXTENSION", "ENABLE_MATH_FUNCTIONS", "ENABLE_PERCENTILE",
    "ENABLE_PREUPDATE_HOOK", "ENABLE_RTREE", "ENABLE_SESSION",
    "ENABLE_STMTVTAB", "ENABLE_UNLOCK_NOTIFY", "ENABLE_UPDATE_DELETE_LIMIT",
    "MAX_VARIABLE_NUMBER=250000", "SECURE_DELETE", "SOUNDEX",
    "THREADSAFE=1", "USE_URI", "HAVE_ISNAN")


def commands(build: Build) -> Commands:
    """Make the amalgamation with the bundled Tcl, then compile it.

    configure builds that Tcl (jimsh) if the system has none.  We always
    use it so that the same steps run everywhere.
    """
    # The generator script normalises its own path, hence HAVE_REALPATH.
    yield build.run(build.cc_for_build, "-O1", "-w", "-DHAVE_REALPATH",
                    "-o", "jimsh", "autosetup/jimsh0.c")
    yield build.run(
        "./jimsh", "autosetup/autosetup", "--disable-tcl",
        "--disable-shared", "--disable-readline", "--update-limit",
        CC="cc", CC_FOR_BUILD=build.cc_for_build, WRAPPER="./configure")
    yield build.make("sqlite3.c")
    defines = " ".join(
        f"-D{'' if option == 'HAVE_ISNAN' else 'SQLITE_'}{option}"
        for option in _OPTIONS)
    yield from compile_archive(
        build, "libsqlite3.a", ["sqlite3.c"],
        headers={"sqlite3.h": "", "sqlite3ext.h": ""}, flags=defines)


RECIPE = Recipe(
    commands, archives=("libsqlite3.a",),
    configure={"LIBSQLITE3_CFLAGS": "-I{prefix}/include",
               # configure looks for each function with -lsqlite3.
               "LIBSQLITE3_LIBS": "-L{prefix}/lib -lsqlite3 -lm -lpthread"},
    arguments=("--enable-loadable-sqlite-extensions",))
