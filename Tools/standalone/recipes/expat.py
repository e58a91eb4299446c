"""Expat, for pyexpat where a CPython brings no copy of its own."""

from standalone.model import Build, Commands, Recipe
from standalone.steps import compile_archive

_SOURCES = ("xmlparse", "xmlrole", "xmltok", "random_getrandom",
            "random_dev_urandom")
_DEFINES = ("-DXML_STATIC -DXML_NS=1 -DXML_DTD=1 -DXML_GE=1 "
            "-DXML_CONTEXT_BYTES=1024 -DBYTEORDER=1234 "
            # The system call: glibc 2.17 has no function for it.
            "-DHAVE_SYSCALL_GETRANDOM=1 -DXML_DEV_URANDOM=1 -DHAVE_UNISTD_H=1")


def commands(build: Build) -> Commands:
    """Compile by hand: an export of the repository has no configure."""
    yield from compile_archive(
        build, "libexpat.a",
        [f"expat/lib/{name}.c" for name in _SOURCES],
        headers={"expat/lib/expat.h": "",
                 "expat/lib/expat_external.h": ""},
        flags=_DEFINES)


RECIPE = Recipe(
    commands, archives=("libexpat.a",),
    configure={"LIBEXPAT_CFLAGS": "-I{prefix}/include",
               "LIBEXPAT_LDFLAGS": "{prefix}/lib/libexpat.a"},
    arguments=("--with-system-expat",),
    bundled="Modules/expat/expat.h")
