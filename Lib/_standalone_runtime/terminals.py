"""What is compiled into ncurses, said once.

Tools/standalone/recipes/ncurses.py takes it from here, and so does
terminfo.py, which tells of it.
"""

#: Terminals that work without any database: what terminal emulators,
#: multiplexers and consoles of today call themselves in TERM.
COMPILED_IN = (
    "Eterm", "alacritty", "ansi", "contour", "cygwin", "dumb", "eterm-color",
    "foot", "ghostty", "gnome-256color", "hterm-256color", "kitty",
    "konsole-256color", "linux", "mlterm", "ms-terminal", "nsterm",
    "putty-256color", "rio", "rxvt-256color", "screen", "screen-256color",
    "screen.xterm-256color", "st-256color", "tmux", "tmux-256color",
    "vt100", "vt102", "vt220", "vte-256color", "wezterm", "xterm",
    "xterm-256color", "xterm-color", "xterm-direct", "xterm-ghostty",
    "xterm-kitty")

#: Where distributions keep their databases, in the order of the search.
DATABASES = (
    "/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
    "/usr/lib/terminfo", "/usr/share/misc/terminfo")

#: What an empty member of a list of databases stands for.
DEFAULT = "/usr/share/terminfo"
