"""ncurses with wide characters: _curses, _curses_panel, and libedit."""

import runpy
from pathlib import Path

from standalone.core.layout import ROOT, TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import autotools

# The terminals that are compiled in, and the system's databases.  The
# lists are in the runtime, which reports on both.
_KNOWN = runpy.run_path(
    str(ROOT / "Lib" / "_standalone_runtime" / "terminals.py"))

# These two set TERM to another name than that of their entry:
# https://sw.kovidgoyal.net/kitty/faq/ and https://ghostty.org/docs/help/terminfo
_ALIASES = """\
xterm-kitty|kitty under the name that it gives itself, use=kitty,
xterm-ghostty|ghostty under the name that it gives itself, use=ghostty,
"""

# On case-insensitive file systems (APFS, NTFS), an alias like 2621A would
# be a link to itself, and E/Eterm would replace e/eterm.  A directory like
# E is removed completely: most of its entries are aliases, and Eterm is
# compiled in.
_DROP_CAPITALS = """\
find . -name '*[A-Z]*' | sort | while read -r name; do
    if [ -e "$(echo "$name" | tr A-Z a-z)" ]; then rm -rf "$name"; fi
done
"""


def commands(build: Build) -> Commands:
    """Build the libraries and the database, and compile in part of it.

    The entries are made from the source and with the tic of this release
    because the machine's are older or missing.  If no database has an
    entry, the library calls a function of ours, which includes the file
    that ncurses generates for the purpose.
    """
    # Before glibc 2.36, wcrtomb aborts if its buffer is shorter than
    # MB_CUR_MAX, even if the character would fit (__wcrtomb_chk):
    # https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/baselib---wcrtomb-chk-1.html
    yield build.run("sed", "-i", "s/malloc(length)/malloc(MB_LEN_MAX)/",
                    "ncurses/widechar/lib_unget_wch.c")
    tools = "progs"
    if build.cross:
        tools = "for-build/progs"
        yield from _tools_for_build(build)
    yield from _configure(build)
    yield build.make("libs")
    if not build.cross:
        yield build.make("-C", "progs", "tic", "infocmp")
    database = f"{build.prefix}/share/terminfo"
    yield build.write("misc/aliases.src", _ALIASES)
    yield build.run("sh", "-c",
                    "cat misc/aliases.src >> misc/terminfo.src")
    yield build.run("mkdir", "-p", database)
    yield build.run(f"{tools}/tic", "-x", "-o", database, "misc/terminfo.src")
    yield build.run("rm", "ncurses/fallback.c")
    yield build.make(
        "-C", "ncurses", "fallback.c",
        f"FALLBACK_LIST={' '.join(_KNOWN['COMPILED_IN'])}",
        f"TERMINFO={database}", f"TIC_PATH=../{tools}/tic",
        f"INFOCMP_PATH=../{tools}/infocmp", TERMINFO=database)
    yield build.run("mv", "fallback.c", "compiled_in.c",
                    cwd=build.source / "ncurses")
    yield build.write(
        "ncurses/fallback.c", (TOOLS / "compat" / "terminfo_fallback.c")
        .read_text(encoding="utf-8"))
    yield build.run("sh", "-ec", _DROP_CAPITALS, cwd=Path(database))
    yield build.make("-C", "ncurses")
    yield build.run("make", "install.libs", "install.includes")
    # libedit uses this header for the width of characters in the C locale.
    # The headers that it includes are not installed.
    yield build.run("sed", "-i", "/^#include <ncurses_/d", "ncurses/wcwidth.h")
    yield build.run("cp", "ncurses/wcwidth.h", f"{build.prefix}/include/")
    # libedit's configure only looks for the name of the narrow library.
    yield build.run("ln", "-s", "libncursesw.a",
                    f"{build.prefix}/lib/libncurses.a")


def _tools_for_build(build: Build) -> Commands:
    """tic and infocmp of the same release, for this machine."""
    directory = build.source / "for-build"
    yield build.run("mkdir", "for-build")
    yield build.run(
        "../configure", "--without-shared", "--without-debug",
        "--without-ada", "--without-cxx", "--without-cxx-binding",
        "--without-manpages", "--without-tests", "--enable-widec",
        "--enable-ext-colors", "--enable-ext-mouse", "--enable-symlinks",
        cwd=directory, CC=build.cc_for_build)
    yield build.make("libs", cwd=directory)
    yield build.make("-C", "progs", "tic", "infocmp", cwd=directory)


def _configure(build: Build) -> Commands:
    # For the programs that write parts of its source: make_hash, make_keys.
    for_build = ((f"--with-build-cc={build.cc_for_build}",) if build.cross
                 else ())
    configure, *_ = autotools(
        build, *for_build, "--with-normal", "--without-shared",
        "--without-debug", "--without-ada", "--without-cxx",
        "--without-cxx-binding", "--without-manpages", "--without-tests",
        "--without-dlsym", "--disable-stripping", "--disable-pc-files",
        "--disable-db-install",
        "--enable-widec", "--enable-ext-colors", "--enable-ext-mouse",
        # Make aliases symbolic links, which every archive format preserves.
        "--enable-symlinks",
        f"--with-default-terminfo-dir={_KNOWN['DEFAULT']}",
        f"--with-terminfo-dirs={':'.join(_KNOWN['DATABASES'])}",
        # By default it makes archives with times and owners if possible.
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
