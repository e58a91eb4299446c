"""The Python package of xcb-proto, which reads its XML."""

from standalone.core.model import Build, Commands, Recipe

# It lies at the top of upstream's archive; Debian has it in a package of
# its own.
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
