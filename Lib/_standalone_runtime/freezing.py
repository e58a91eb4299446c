"""Programs that PyInstaller and Nuitka make: what they take along.

A frozen program has the modules that it imports, and needs the data that
these find below sys.base_prefix: there it is the program's own directory,
so the data go to the same places in that.

PyInstaller asks the entry point of python-*.dist-info, beside this package,
for the directory of our hooks:
https://pyinstaller.org/en/stable/hooks.html#providing-pyinstaller-hooks-with-your-package
Nuitka has to be told of its plugin, which `python -m
_standalone_runtime.freezing` prints:
    --user-plugin="$(python -m _standalone_runtime.freezing)"
"""

import os

from _standalone_runtime import bundled

#: Module → the directories it has data from, below the prefix.
DATA = {
    "_standalone_runtime.certificates": ("share/certs",),
    "_standalone_runtime.zones": ("share/zoneinfo",),
    "curses": ("share/terminfo",),
    "tkinter": ("share/X11/locale",),
}


def hook_directories() -> list[str]:
    """Where the files hook-MODULE.py are, for PyInstaller."""
    return [os.path.dirname(os.path.abspath(__file__))]


def datas(module: str) -> list[tuple[str, str]]:
    """Source and destination of what *module* reads, as in a hook."""
    return [(bundled(path), path) for path in DATA[module]
            if os.path.isdir(bundled(path))]


def nuitka_plugin() -> str:
    """The file that Nuitka's --user-plugin is to name."""
    return os.path.join(*hook_directories(), "nuitka-plugin.py")


if __name__ == "__main__":
    print(nuitka_plugin())
