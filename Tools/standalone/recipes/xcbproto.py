"""xcb-proto: the X protocol as XML, to generate libxcb's code from."""

from standalone.core.model import Build, Commands, Recipe

# The files are in src/ in upstream's archive, in share/ in Debian's package.
_COPY = """\
set -e
test -e COPYING || cp share/doc/xcb-proto/copyright COPYING
find src share/xcb -name '*.xml' -exec cp {} "$0" \\; 2>/dev/null || :
test -e "$0/xproto.xml"
"""


def commands(build: Build) -> Commands:
    """Install the XML files."""
    directory = f"{build.prefix}/include/xcb"
    yield build.run("mkdir", "-p", directory)
    yield build.run("sh", "-c", _COPY, directory)


RECIPE = Recipe(commands, archives=())
