"""GNU readline, which replaces libedit with OPTIONS=gpl."""

from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools, includes


def commands(build: Build) -> Commands:
    """Build the library, without its programs and manuals."""
    curses = build.needs["ncurses"]
    configure, *_ = autotools(
        build, "--with-curses", "--disable-install-examples",
        CPPFLAGS=f"{includes(build)} -I{curses}/include/ncursesw",
        LDFLAGS=f"-L{curses}/lib",
        # configure would test these with locales of the build machine.
        bash_cv_func_strcoll_broken="no", bash_cv_wcwidth_broken="no",
        # Keep it from setting LINES and COLUMNS in the environment, where
        # children would see values that become outdated.
        ac_cv_func_putenv="no", ac_cv_func_setenv="no")
    yield configure
    yield build.make("libreadline.a")
    yield build.run("make", "install-headers")
    yield build.run("cp", "libreadline.a", f"{build.prefix}/lib/")


RECIPE = Recipe(
    commands, archives=("libreadline.a",),
    configure={"LIBREADLINE_CFLAGS": "-I{prefix}/include",
               "LIBREADLINE_LIBS": "{prefix}/lib/libreadline.a "
                                   "{ncurses}/lib/libncursesw.a"},
    arguments=("--with-readline=readline",),
    needs=("ncurses",), gpl=True, replaces=("libedit",))
