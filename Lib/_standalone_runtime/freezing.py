"""Tell PyInstaller and Nuitka which data a frozen program needs.

A frozen program contains the modules that it imports, and needs the data
that they read below sys.base_prefix.  In such a program, that is its own
directory, so the data has to be at the same places there.

PyInstaller gets the directory of our hooks from an entry point of
python-*.dist-info, next to this package:
https://pyinstaller.org/en/stable/hooks.html#providing-pyinstaller-hooks-with-your-package
Nuitka needs an option that names its plugin, whose path `python -m
_standalone_runtime.freezing` prints:
    --user-plugin="$(python -m _standalone_runtime.freezing)"
"""

import os

from _standalone_runtime import bundled

#: Module → the directories with its data, relative to the prefix.
DATA = {
    "_standalone_runtime.certificates": ("share/certs",),
    "_standalone_runtime.zones": ("share/zoneinfo",),
    "curses": ("share/terminfo",),
    "tkinter": ("share/X11/locale",),
}


def hook_directories() -> list[str]:
    """Return the directory of the files hook-MODULE.py, for PyInstaller."""
    return [os.path.dirname(os.path.abspath(__file__))]


def datas(module: str) -> list[tuple[str, str]]:
    """Return the data of *module* as (source, destination), as in a hook."""
    return [(bundled(path), path) for path in DATA[module]
            if os.path.isdir(bundled(path))]


def nuitka_plugin() -> str:
    """Return the file for Nuitka's option --user-plugin."""
    return os.path.join(*hook_directories(), "nuitka-plugin.py")


if __name__ == "__main__":
    print(nuitka_plugin())
