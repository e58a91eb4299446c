"""Expat, for pyexpat if CPython does not bundle it, and for fontconfig."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive

_SOURCES = ("xmlparse", "xmlrole", "xmltok", "random_getrandom",
            "random_dev_urandom")
# The result of its configure with any glibc.  Random numbers come from
# the system call because glibc 2.17 has no function for it.
_CONFIG = """\
#define BYTEORDER 1234
#define HAVE_SYSCALL_GETRANDOM 1
#define HAVE_UNISTD_H 1
#define XML_CONTEXT_BYTES 1024
#define XML_DEV_URANDOM 1
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
"""


def commands(build: Build) -> Commands:
    """Compile without configure, which the repository does not contain."""
    yield build.write("expat/lib/expat_config.h", _CONFIG)
    yield from compile_archive(
        build, "libexpat.a",
        [f"expat/lib/{name}.c" for name in _SOURCES],
        headers={"expat/lib/expat.h": "",
                 "expat/lib/expat_external.h": ""},
        flags="-DXML_STATIC")


RECIPE = Recipe(
    commands, archives=("libexpat.a",),
    configure={"LIBEXPAT_CFLAGS": "-I{prefix}/include",
               "LIBEXPAT_LDFLAGS": "{prefix}/lib/libexpat.a"},
    arguments=("--with-system-expat",),
    bundled="Modules/expat/expat.h")
