"""PyInstaller hook: include the descriptions of terminals."""

from _standalone_runtime import freezing

datas = freezing.datas("curses")
