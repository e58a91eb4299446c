"""xtrans: C code that libX11 includes to connect to a display."""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """Install the sources where libX11 looks for them."""
    directory = f"{build.prefix}/include/X11/Xtrans"
    yield build.run("mkdir", "-p", directory)
    yield build.run(
        "sh", "-c", 'cp Xtrans*.c Xtrans*.h transport.c "$0"', directory)


RECIPE = Recipe(commands, archives=())
