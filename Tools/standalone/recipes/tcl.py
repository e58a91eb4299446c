"""Tcl 8.6, for CPython 3.13 and older.

Their tkinter lacks changes for 9.0, and their installers of python.org also
have 8.6: https://github.com/python/cpython/pull/153484
"""

from standalone.recipes import _tcl

RECIPE = _tcl.recipe(_tcl.TCL8)
