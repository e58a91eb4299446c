"""Tk 8.6, for the CPython versions that use Tcl 8.6."""

from standalone.recipes import _tcl, _tk

RECIPE = _tk.recipe(_tcl.TCL8, "tcl")
