"""ncurses with wide characters: _curses, _curses_panel, and libedit."""

from standalone.model import Build, Commands, Recipe
from standalone.steps import autotools

# Terminals that work without any database: what terminal emulators,
# multiplexers and consoles of today call themselves in TERM.
FALLBACKS = (
    "alacritty", "ansi", "contour", "cygwin", "dumb", "eterm-color",
    "foot", "ghostty", "gnome-256color", "hterm-256color", "kitty",
    "konsole-256color", "linux", "mlterm", "ms-terminal", "nsterm",
    "putty-256color", "rio", "rxvt-256color", "screen", "screen-256color",
    "screen.xterm-256color", "st-256color", "tmux", "tmux-256color",
    "vt100", "vt102", "vt220", "vte-256color", "wezterm", "xterm",
    "xterm-256color", "xterm-color", "xterm-direct", "xterm-ghostty",
    "xterm-kitty")

# What these two set TERM to is not the name of their entry:
# https://sw.kovidgoyal.net/kitty/faq/ and https://ghostty.org/docs/help/terminfo
_ALIASES = """\
xterm-kitty|kitty under the name that it gives itself, use=kitty,
xterm-ghostty|ghostty under the name that it gives itself, use=ghostty,
"""

# Where distributions keep their databases; Tools/standalone ships one
# more, which the runtime adds.
_DATABASES = ("/etc/terminfo:/lib/terminfo:/usr/share/terminfo:"
              "/usr/lib/terminfo:/usr/share/misc/terminfo")


def commands(build: Build) -> Commands:
    """Build the libraries, then the database, then compile part of it in.

    The entries come from the same release's own source and its own tic:
    those of the machine are older, or it has none.
    """
    yield from _configure(build)
    yield build.make("libs")
    yield build.make("-C", "progs", "tic", "infocmp")
    database = f"{build.prefix}/share/terminfo"
    yield build.write("misc/aliases.src", _ALIASES)
    yield build.run("sh", "-c",
                    "cat misc/aliases.src >> misc/terminfo.src")
    yield build.run("mkdir", "-p", database)
    yield build.run("progs/tic", "-x", "-o", database, "misc/terminfo.src")
    yield build.run("rm", "ncurses/fallback.c")
    yield build.make(
        "-C", "ncurses", f"FALLBACK_LIST={' '.join(FALLBACKS)}",
        f"TERMINFO={database}", "TIC_PATH=../progs/tic",
        "INFOCMP_PATH=../progs/infocmp", TERMINFO=database)
    yield build.run("make", "install.libs", "install.includes")
    # libedit's configure knows the library by its narrow name only.
    yield build.run("ln", "-s", "libncursesw.a",
                    f"{build.prefix}/lib/libncurses.a")


def _configure(build: Build) -> Commands:
    configure, *_ = autotools(
        build, "--with-normal", "--without-shared", "--without-debug",
        "--without-ada", "--without-cxx", "--without-cxx-binding",
        "--without-manpages", "--without-tests", "--without-dlsym",
        "--disable-stripping", "--disable-pc-files", "--disable-db-install",
        "--enable-widec", "--enable-ext-colors", "--enable-ext-mouse",
        # Aliases as symbolic links: they survive any archive.
        "--enable-symlinks", "--with-default-terminfo-dir=/usr/share/terminfo",
        f"--with-terminfo-dirs={_DATABASES}",
        # It asks for archives with times and owners where it can.
        cf_cv_ar_flags="-crD")
    yield configure


RECIPE = Recipe(
    commands, archives=("libncursesw.a", "libpanelw.a"),
    configure={
        "CURSES_CFLAGS": "-I{prefix}/include -I{prefix}/include/ncursesw"
                         " -D_XOPEN_SOURCE_EXTENDED=1",
        "CURSES_LIBS": "{prefix}/lib/libncursesw.a",
        "PANEL_CFLAGS": "-I{prefix}/include -I{prefix}/include/ncursesw"
                        " -D_XOPEN_SOURCE_EXTENDED=1",
        "PANEL_LIBS": "{prefix}/lib/libpanelw.a {prefix}/lib/libncursesw.a"},
    data={"share/terminfo": "share/terminfo"})
