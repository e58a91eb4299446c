"""Report where _tkinter finds the scripts of Tcl and Tk.

This module changes nothing.  Tcl's library looks for the scripts next to
itself (Tools/standalone/compat/tcl_library.c) and needs no environment
variable.  Otherwise this is Tcl's own search, which skips directories with
scripts of another version:

1. TCL_LIBRARY and TK_LIBRARY,
2. tclVERSION and tkVERSION next to the library, in lib of this Python,
3. directories near the program, where a Tcl installed there would be.

VERSION is 9.0 for CPython 3.14 and newer, otherwise 8.6.  See tclvars(n),
https://www.tcl-lang.org/man/tcl9.0/TclCmd/tclvars.html
"""

import os
import re

from _standalone_runtime import bundled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from _standalone_runtime.report import Place, Resource

_VARIABLES = ("TCL_LIBRARY", "TK_LIBRARY")
_FIRST = {"Tcl": "init.tcl", "Tk": "tk.tcl"}     # the first script to run
_EXACT = re.compile(r"package require -exact (?:[Tt]cl|[Tt]k) +(\S+)")


def inspect() -> "Resource":
    """Report what Tcl found and what Tk will find.  This needs no display,
    and runs none of the user's start-up files."""
    from _standalone_runtime.report import Resource

    tcl, tk, why = None, None, ""
    places = list(_variables())
    try:
        import _tkinter
        interp = _tkinter.create(None, "", "Tk", False, False, False)
    except ImportError as exc:
        why = f"import _tkinter: {exc}"
    except _tkinter.TclError as exc:
        places.append(_bundled("Tcl", _tkinter.TCL_VERSION, None))
        why = str(exc).partition("\n")[0]
    else:
        patch = interp.eval("info patchlevel")
        system = interp.eval("encoding system")

        def native(path: str) -> str:
            # Decode like Python: in the C locale, Tcl decodes differently.
            raw = interp.call("encoding", "convertto", system, path)
            return os.fsdecode(raw.encode("latin-1"))

        tcl = native(interp.eval("info library"))
        tk = _find_tk(
            [native(path) for path in interp.splitlist(
                interp.eval("set auto_path"))],
            f"tk{_tkinter.TK_VERSION}", patch)
        places += [_bundled("Tcl", _tkinter.TCL_VERSION, tcl),
                   _bundled("Tk", _tkinter.TK_VERSION, tk)]
        why = (f"Tcl {patch}; Tk's scripts are in {tk}" if tk
               else f"Tcl {patch}; no scripts of Tk were found")
    return Resource(
        "tcltk", "tkinter, turtle and IDLE", tuple(places),
        tcl if tk else None, why,
        "TCL_LIBRARY and TK_LIBRARY, directories with scripts of the same "
        "version", problems=tuple(_problems(tcl, tk)))


def _variables() -> "Iterator[Place]":
    from _standalone_runtime.report import Place

    for name in _VARIABLES:
        value = os.environ.get(name)
        yield (Place(name, "not set") if value is None
               else Place(f"{name}={value}", "set"))


def _bundled(package: str, version: str, chosen: str | None) -> "Place":
    from _standalone_runtime.report import Place

    path = bundled("lib", f"{package.lower()}{version}")
    if path == chosen:
        return Place(path, "used")
    return Place(path, _scripts(path, package) or "not found")


def _find_tk(directories: "list[str]", name: str,
             patch: str) -> str | None:
    """Search like tcl_findLibrary.  Tk itself would need a display first.

    Tk has the same version and patch level as Tcl, see pins.toml.
    """
    places = [os.path.join(each, name) for each in directories]
    if asked := os.environ.get("TK_LIBRARY"):
        places.insert(0, asked)
    for path in places:
        if _scripts(path, "Tk") == f"version {patch}":
            return path
    return None


def _scripts(path: str, package: str) -> str | None:
    """Return the version of the scripts in *path*, or None without any."""
    try:
        with open(os.path.join(path, _FIRST[package]), encoding="utf-8",
                  errors="replace") as file:
            found = _EXACT.search(file.read())
    except OSError:
        return None
    return f"version {found[1]}" if found else "an unknown version"


def _problems(*chosen: str | None) -> "Iterator[str]":
    for name, path in zip(_VARIABLES, chosen, strict=True):
        asked = os.environ.get(name)
        if asked and path != asked:
            state = _scripts(asked, name.partition("_")[0].capitalize())
            yield (f"{name}: the scripts in {asked} have {state}" if state
                   else f"{name}: there are no scripts in {asked}")
