"""libuuid from util-linux, for the _uuid module."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive

_SOURCES = ("libuuid/src/clear", "libuuid/src/compare", "libuuid/src/copy",
            "libuuid/src/gen_uuid", "libuuid/src/isnull", "libuuid/src/pack",
            "libuuid/src/parse", "libuuid/src/predefined",
            "libuuid/src/unpack", "libuuid/src/unparse",
            "libuuid/src/uuid_time", "lib/randutils", "lib/md5", "lib/sha1")

# The result of its configure with glibc 2.17 or newer.
_FOUND = ("DIRFD", "ERR", "ERR_H", "ERRX", "WARN", "WARNX", "ERRNO_H",
          "JRAND48", "LIBPTHREAD", "LOFF_T", "NANOSLEEP", "NETINET_IN_H",
          "NET_IF_H", "PROGRAM_INVOCATION_SHORT_NAME", "STDLIB_H",
          "STRNLEN", "STRNDUP", "STRNCHR", "SYS_FILE_H", "SYS_IOCTL_H",
          "SYS_SOCKET_H", "SYS_SYSCALL_H", "SYS_TIME_H", "SYS_UN_H",
          "TLS", "UNISTD_H", "UUIDD", "USLEEP", "MEMPCPY",
          "STRUCT_TM_TM_GMTOFF", "SYS_SYSMACROS_H")


def commands(build: Build) -> Commands:
    """Compile without configure, which takes longer than the compiler.

    Most of its checks are for programs that we do not build.
    """
    defines = " ".join(f"-DHAVE_{name}=1" for name in _FOUND)
    yield from compile_archive(
        build, "libuuid.a", [f"{name}.c" for name in _SOURCES],
        headers={"libuuid/src/uuid.h": "uuid"},
        flags=f"-D_GNU_SOURCE -Iinclude -Ilibuuid/src {defines} "
              "-D_PATH_LOCALSTATEDIR='\"/var\"' "
              "-D_PATH_RUNSTATEDIR='\"/run\"'")


RECIPE = Recipe(
    commands, archives=("libuuid.a",),
    # Like in its pkg-config file: users write "#include <uuid.h>".
    configure={"LIBUUID_CFLAGS": "-I{prefix}/include/uuid",
               "LIBUUID_LIBS": "{prefix}/lib/libuuid.a"})
