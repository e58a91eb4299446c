"""A hook of PyInstaller's: descriptions of terminals."""

from _standalone_runtime import freezing

datas = freezing.datas("curses")
