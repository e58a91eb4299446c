"""Report where the interpreter and its standard library are."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _standalone_runtime.report import Resource


def inspect() -> "Resource":
    """Report the paths that getpath determined."""
    from _standalone_runtime.report import Place, Resource

    stdlib = getattr(sys, "_stdlib_dir", None) or os.path.dirname(os.__file__)
    executable = sys.executable
    places = [
        Place(f"sys.executable={executable}",
              "used" if os.path.isfile(executable) else "not found"),
        Place(f"sys.prefix={sys.prefix}",
              "venv" if sys.prefix != sys.base_prefix else "used"),
        Place(f"sys.base_prefix={sys.base_prefix}", "used"),
        Place(stdlib, "used" if os.path.isdir(stdlib) else "not found")]
    problems = []
    if not executable:
        problems.append("sys.executable is empty, because argv[0] has no path "
                        "and /proc is missing; subprocesses cannot start "
                        "this Python")
    if os.environ.get("PYTHONHOME") and not sys.flags.ignore_environment:
        problems.append("PYTHONHOME is set, and overrides the location of "
                        "the interpreter")
    return Resource(
        "interpreter", "the standard library", tuple(places),
        sys.base_prefix,
        "the directory above the interpreter that contains the library",
        "PYTHONHOME", problems=tuple(problems))
