"""Time zones, for machines that have no zoneinfo directory."""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """The compiled zones and the tables that lie beside them anywhere.

    A zone's second name is a second file: as links they would save a
    thousandth of the archives, and not survive every way of unpacking.
    """
    # What makes them a Python package.
    yield build.run("sh", "-c", "rm __init__.py */__init__.py "
                                "*/*/__init__.py",
                    cwd=build.source / "tzdata/zoneinfo")
    yield build.run("mkdir", "-p", f"{build.prefix}/share")
    yield build.run("cp", "-R", "tzdata/zoneinfo", f"{build.prefix}/share/")


RECIPE = Recipe(commands, archives=(),
                data={"share/zoneinfo": "share/zoneinfo"})
