"""Tk 9.0, for the CPython versions that use Tcl 9.0."""

from standalone.recipes import _tcl, _tk

RECIPE = _tk.recipe(_tcl.TCL9, "tcl9", since=(3, 14), replaces=("tk",))
