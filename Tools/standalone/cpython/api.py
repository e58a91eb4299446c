"""CPython's C API: names in its headers and in the stable ABI.

Headers declare names that some platforms do not have.  So the compiler's
preprocessor determines which declarations and feature macros ``Python.h``
has for a platform.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from standalone.core.process import environment, output

# In each of these forms, the name is the first word before punctuation:
#   PyAPI_FUNC(void) _Py_NO_RETURN Py_Exit(int);
#   PyAPI_DATA(int) (*PyOS_InputHook)(void);
_DECLARED = re.compile(r"\bPyAPI_(?:FUNC|DATA)\s*\((?:[^()]|\([^()]*\))*\)"
                       r"[^;{]*?(\w+)\s*[\[();=,]")
# Text to ignore: comments, directives, attributes for compilers.
_IGNORED = re.compile(
    r"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*"
    r"|__attribute__\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)",
    re.DOTALL | re.MULTILINE)
#: The prefixes that the version script exports; see CPython's `make smelly`.
PREFIXES = ("Py", "_Py")

_VERSION_SCRIPT = """\
/* Export CPython's own names, but none of the libraries that are linked in:
   names with CPython's prefixes, and others that Python.h declares. */
{{
  global: {names};
  local: *;
}};
"""


def declared(text: str) -> frozenset[str]:
    """Return the API's functions and variables that C code declares."""
    return frozenset(_DECLARED.findall(_IGNORED.sub(" ", text)))


def declared_in(include: Path) -> frozenset[str]:
    """Return the API names that headers below *include* declare.

    Conditional directives are ignored: the result is for any platform.
    """
    return frozenset().union(*(
        declared(path.read_text(encoding="utf-8"))
        for path in include.rglob("*.h")))


def declared_here(compiler: Path, includes: Sequence[Path],
                  ) -> frozenset[str]:
    """Return the API names that Python.h declares for a platform.

    *compiler* is a compiler for that platform, *includes* are the
    directories of the headers.  Raises BuildError if it fails.
    """
    # The preprocessor does not expand a macro within itself, so these
    # remain in its output.
    return declared(_preprocessed(
        compiler, includes, "-DPyAPI_FUNC(type)=PyAPI_FUNC(type)",
        "-DPyAPI_DATA(type)=PyAPI_DATA(type)"))


def macros_here(compiler: Path, includes: Sequence[Path]) -> frozenset[str]:
    """Return the macros that are defined after including Python.h.

    Raises BuildError if *compiler* fails.
    """
    return frozenset(re.findall(r"(?m)^#define (\w+)", _preprocessed(
        compiler, includes, "-dM")))


def _preprocessed(compiler: Path, includes: Iterable[Path],
                  *options: str) -> str:
    return output(
        [str(compiler), "-E", "-P", *options,
         *(f"-I{directory}" for directory in includes),
         "-include", "Python.h", "-x", "c", "/dev/null"],
        env=environment([compiler.parent]))


def stable(manifest: Path, macros: frozenset[str]) -> frozenset[str]:
    """Return the functions and data of the stable ABI.

    *manifest* is CPython's stable_abi.toml.  Items that depend on a macro
    are included if it is in *macros*.
    """
    items = tomllib.loads(manifest.read_text(encoding="utf-8"))
    return frozenset(
        name for kind in ("function", "data")
        for name, item in items.get(kind, {}).items()
        if item.get("ifdef", "") in {"", *macros})


def version_script(names: Iterable[str]) -> str:
    """Return the version script for the interpreter and libpython.

    It exports *names* and all names that start with one of PREFIXES.
    """
    # The names are written as patterns because linkers reject undefined
    # names, and libpython3.so, which uses this script too, defines none.
    others = sorted(f"[{name[0]}]{name[1:]}" for name in names
                    if not name.startswith(PREFIXES))
    return _VERSION_SCRIPT.format(names="; ".join(
        [*(f"{prefix}*" for prefix in PREFIXES), *others]))
