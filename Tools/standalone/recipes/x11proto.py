"""The X Window System's protocol headers; nothing is compiled."""

from standalone.core.model import Build, Commands, Recipe

# Upstream's archive has a template of one header and a licence text for
# each protocol; Debian's package has the header and one text.
# __fds_bits is glibc's name of the member of fd_set.
_NORMALISE = """\
set -e
cat COPYING-* share/doc/x11proto-dev/copyright >COPYING 2>/dev/null || :
cd include/X11
test -e Xpoll.h || sed s/@USE_FDS_BITS@/__fds_bits/ Xpoll.h.in >Xpoll.h
"""


def commands(build: Build) -> Commands:
    """Install the headers."""
    yield build.run("sh", "-c", _NORMALISE)
    yield build.run("mkdir", "-p", f"{build.prefix}/include")
    yield build.run("cp", "-R", "include/X11", f"{build.prefix}/include/")


RECIPE = Recipe(commands, archives=())
