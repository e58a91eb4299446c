"""xcbgen: xcb-proto's Python package, which reads the protocol's XML."""

from standalone.core.model import Build, Commands, Recipe

# The package is at the top of upstream's archive; Debian has a separate
# package for it.
_COPY = """\
set -e
test -e COPYING || cp share/doc/python3-xcbgen/copyright COPYING
test -e xcbgen || mv lib/python3/dist-packages/xcbgen .
"""


def commands(build: Build) -> Commands:
    """Install the package."""
    yield build.run("sh", "-c", _COPY)
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("cp", "-R", "xcbgen", f"{build.prefix}/include/")


RECIPE = Recipe(commands, archives=())
