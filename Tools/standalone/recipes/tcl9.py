"""Tcl 9.0, like the installers of CPython 3.14 and newer.

tkinter supports it since 3.14: https://github.com/python/cpython/issues/112672
"""

from standalone.recipes import _tcl

RECIPE = _tcl.recipe(_tcl.TCL9, since=(3, 14), replaces=("tcl",))
