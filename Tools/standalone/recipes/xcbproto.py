"""The X protocol as XML, of which libxcb's code is made."""

from standalone.core.model import Build, Commands, Recipe

# Upstream's archive has them in src/, Debian's package below share/.
_COPY = """\
set -e
test -e COPYING || cp share/doc/xcb-proto/copyright COPYING
find src share/xcb -name '*.xml' -exec cp {} "$0" \\; 2>/dev/null || :
test -e "$0/xproto.xml"
"""


def commands(build: Build) -> Commands:
    """Install the descriptions."""
    directory = f"{build.prefix}/include/xcb"
    yield build.run("mkdir", "-p", directory)
    yield build.run("sh", "-c", _COPY, directory)


RECIPE = Recipe(commands, archives=())
