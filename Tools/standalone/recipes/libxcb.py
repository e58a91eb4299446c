"""libxcb: the X protocol's C binding, for libX11."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import compile_archive, includes

_SOURCES = ("xcb_auth", "xcb_conn", "xcb_ext", "xcb_in", "xcb_list",
            "xcb_out", "xcb_util", "xcb_xid")
# The core protocol, and the extensions that the library itself uses.
_GENERATED = ("bigreq", "xc_misc", "xproto")


def commands(build: Build) -> Commands:
    """Generate the C code of the protocol, then compile it.

    configure is not run; it only searches for xcb-proto with pkg-config.
    """
    source = build.source / "src"
    for name in _GENERATED:
        yield build.run(
            "sh", "-c", 'exec "$PYTHON" -B c_client.py "$@"', "c_client.py",
            "-c", f"libxcb {build.version}", "-l", "X Version 11", "-s", "3",
            "-p", f"{build.needs['xcbgen']}/include",
            f"{build.needs['xcbproto']}/include/xcb/{name}.xml", cwd=source)
    headers = ("xcb", "xcbext", *_GENERATED)
    yield from compile_archive(
        build, "libxcb.a",
        [f"src/{name}.c" for name in (*_SOURCES, *_GENERATED)],
        headers={f"src/{name}.h": "xcb" for name in headers},
        flags=f"{includes(build)} -D_GNU_SOURCE -DHASXDMAUTH -DUSE_POLL "
              "-DHAVE_SENDMSG -DHAVE_GETADDRINFO -DHAVE_ABSTRACT_SOCKETS "
              "-DXCB_QUEUE_BUFFER_SIZE=16384")


RECIPE = Recipe(
    commands, archives=("libxcb.a",),
    needs=("libxau", "libxdmcp", "x11proto", "xcbgen", "xcbproto"))
