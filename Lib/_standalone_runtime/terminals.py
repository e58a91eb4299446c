"""The terminals and directories that are compiled into ncurses.

Tools/standalone/recipes/ncurses.py configures ncurses with them, and
terminfo.py reports on them.
"""

#: Terminals that work without a database: the names that present terminal
#: emulators, multiplexers and consoles set in TERM.
COMPILED_IN = (
    "Eterm", "alacritty", "ansi", "contour", "cygwin", "dumb", "eterm-color",
    "foot", "ghostty", "gnome-256color", "hterm-256color", "kitty",
    "konsole-256color", "linux", "mlterm", "ms-terminal", "nsterm",
    "putty-256color", "rio", "rxvt-256color", "screen", "screen-256color",
    "screen.xterm-256color", "st-256color", "tmux", "tmux-256color",
    "vt100", "vt102", "vt220", "vte-256color", "wezterm", "xterm",
    "xterm-256color", "xterm-color", "xterm-direct", "xterm-ghostty",
    "xterm-kitty")

#: The databases of distributions, in the order of the search.
DATABASES = (
    "/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
    "/usr/lib/terminfo", "/usr/share/misc/terminfo")

#: The database that an empty item in a list of databases means.
DEFAULT = "/usr/share/terminfo"
