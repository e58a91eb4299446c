"""libedit: line editing under a BSD licence, for the readline module."""

from standalone.model import Build, Commands, Recipe
from standalone.steps import autotools


def commands(build: Build) -> Commands:
    """Build against our ncurses."""
    curses = build.needs["ncurses"]
    yield from autotools(
        build, "--disable-examples",
        CPPFLAGS=f"-I{curses}/include -I{curses}/include/ncursesw",
        LDFLAGS=f"-L{curses}/lib")


RECIPE = Recipe(
    commands, archives=("libedit.a",),
    configure={"LIBEDIT_CFLAGS": "-I{prefix}/include",
               "LIBEDIT_LIBS": "{prefix}/lib/libedit.a "
                               "{ncurses}/lib/libncursesw.a"},
    arguments=("--with-readline=editline",),
    needs=("ncurses",))
