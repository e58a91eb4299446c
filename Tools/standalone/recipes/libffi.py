"""libffi: calls between C and Python, for the _ctypes module."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools


def commands(build: Build) -> Commands:
    """Build the library; install headers in include/ on all platforms."""
    yield from autotools(
        build, "--disable-multi-os-directory", "--disable-docs",
        "--disable-exec-static-tramp", f"--libdir={build.prefix}/lib")


RECIPE = Recipe(
    commands, archives=("libffi.a",),
    configure={"LIBFFI_CFLAGS": "-I{prefix}/include",
               "LIBFFI_LIBS": "{prefix}/lib/libffi.a"})
