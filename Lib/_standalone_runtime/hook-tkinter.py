"""A hook of PyInstaller's: what Tk's keyboard input reads of locales."""

from _standalone_runtime import freezing

datas = freezing.datas("tkinter")
