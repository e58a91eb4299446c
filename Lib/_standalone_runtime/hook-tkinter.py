"""PyInstaller hook: include the locale data for Tk's keyboard input."""

from _standalone_runtime import freezing

datas = freezing.datas("tkinter")
