"""libedit: line editing under a BSD licence, for the readline module."""

from standalone.core.layout import TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools

# Our files in compat/libedit.  The first two include the upstream files
# that they replace.
_FILES = ("chartype.c", "readline.c", "text.h", "history_files.c",
          "inputrc.c", "inputrc_keys.c", "inputrc_functions.h",
          "python_text.h")


def commands(build: Build) -> Commands:
    """Build the library with our ncurses."""
    curses = build.needs["ncurses"]
    yield from _adapt(build)
    yield from autotools(
        build, "--disable-examples",
        CPPFLAGS=f"-I{curses}/include -I{curses}/include/ncursesw",
        LDFLAGS=f"-L{curses}/lib")


def _adapt(build: Build) -> Commands:
    """Make it convert text like Python and behave like GNU readline.

    The latter concerns init files, history files and hooks.
    """
    for name in _FILES[:2]:
        upstream = name.replace(".c", "_upstream.c")
        yield build.run("mv", f"src/{name}", f"src/{upstream}")
    for name in _FILES:
        yield build.write(
            f"src/{name}", (TOOLS / "compat" / "libedit" / name)
            .read_text(encoding="utf-8"))
    # Every file of libedit that converts text includes this header.
    yield build.run("sed", "-i", '$a #include "text.h"', "src/chartype.h")
    # CPython's readline module includes this header, which gets installed.
    yield build.run("sed", "-i", "$r src/python_text.h",
                    "src/editline/readline.h")
    # The pointer is NULL if memory is exhausted.
    yield build.run(
        "sed", "-i", r"s/for (; [*]p; p++)/for (; p \&\& *p; p++)/",
        "src/prompt.c")


RECIPE = Recipe(
    commands, archives=("libedit.a",),
    configure={"LIBEDIT_CFLAGS": "-I{prefix}/include",
               "LIBEDIT_LIBS": "{prefix}/lib/libedit.a "
                               "{ncurses}/lib/libncursesw.a"},
    arguments=("--with-readline=editline",),
    needs=("ncurses",))
