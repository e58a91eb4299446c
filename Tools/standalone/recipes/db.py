"""Berkeley DB 5.3, the last one under the Sleepycat licence, for _dbm."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags


def commands(build: Build) -> Commands:
    """Build the C library with its ndbm interface."""
    directory = build.source / "build_unix"
    flags = (
        # One of its functions has the name of a compiler builtin that is
        # newer: https://gcc.gnu.org/onlinedocs/gcc/_005f_005fatomic-Builtins.html
        "-D__atomic_compare_exchange=__db_atomic_compare_exchange "
        # Its code and its configure tests are older than C99.
        "-std=gnu89 -w "
        # Its code is large, and file access dominates its run time.
        "-Os")
    yield build.run(
        "../dist/configure", f"--prefix={build.prefix}",
        f"--build={build.platform.autoconf}",
        f"--host={build.platform.autoconf}",
        "--disable-shared", "--enable-static", "--enable-dbm",
        # dbm only needs hash tables in a file, not a database server.
        "--disable-replication", "--disable-queue", "--disable-heap",
        "--disable-verify", "--disable-statistics", "--disable-partition",
        "--disable-compression", "--disable-cryptography",
        "--disable-log_checksum", "--disable-java", "--disable-tcl",
        cwd=directory, CC="cc", AR="ar", RANLIB="ranlib",
        CFLAGS=f"{cflags(build)} {flags}")
    yield build.make("libdb-5.3.a", cwd=directory)
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "build_unix/libdb-5.3.a", f"{build.prefix}/lib/")
    yield build.run("cp", "build_unix/db.h", f"{build.prefix}/include/")


RECIPE = Recipe(
    commands, archives=("libdb-5.3.a",),
    setup={"_dbm": "-DUSE_BERKDB -I{prefix}/include "
                   "{prefix}/lib/libdb-5.3.a"})
