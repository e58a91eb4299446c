"""Time zones, for machines without a zoneinfo directory."""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """Install the compiled zones and the usual tables.

    Aliases of zones are files: links would reduce the size of the
    archives by a thousandth, and some programs do not unpack links.
    """
    # These files make it a Python package.
    yield build.run("sh", "-c", "rm __init__.py */__init__.py "
                                "*/*/__init__.py",
                    cwd=build.source / "tzdata/zoneinfo")
    yield build.run("mkdir", "-p", f"{build.prefix}/share")
    yield build.run("cp", "-R", "tzdata/zoneinfo", f"{build.prefix}/share/")


RECIPE = Recipe(commands, archives=(),
                data={"share/zoneinfo": "share/zoneinfo"})
