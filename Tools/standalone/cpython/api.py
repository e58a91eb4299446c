"""CPython's C API: the names that its headers and its stable ABI promise.

What a header declares may not exist on a platform, so the compiler is asked
which declarations and feature macros are left of ``Python.h``.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from standalone.core.process import environment, output

# The name is the first word before punctuation, however it is declared:
#   PyAPI_FUNC(void) _Py_NO_RETURN Py_Exit(int);
#   PyAPI_DATA(int) (*PyOS_InputHook)(void);
_DECLARED = re.compile(r"\bPyAPI_(?:FUNC|DATA)\s*\((?:[^()]|\([^()]*\))*\)"
                       r"[^;{]*?(\w+)\s*[\[();=,]")
# No part of a declaration: comments, directives, compilers' attributes.
_IGNORED = re.compile(
    r"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*"
    r"|__attribute__\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)",
    re.DOTALL | re.MULTILINE)
#: What the version script exports by pattern; see CPython's `make smelly`.
PREFIXES = ("Py", "_Py")

_VERSION_SCRIPT = """\
/* What CPython itself exports, and nothing of the libraries that are linked
   in: all that begins like its names, and what else Python.h declares. */
{{
  global: {names};
  local: *;
}};
"""


def declared(text: str) -> frozenset[str]:
    """The functions and variables of the API that C code declares."""
    return frozenset(_DECLARED.findall(_IGNORED.sub(" ", text)))


def declared_in(include: Path) -> frozenset[str]:
    """What the headers below *include* declare, on any platform."""
    return frozenset().union(*(
        declared(path.read_text(encoding="utf-8"))
        for path in include.rglob("*.h")))


def declared_here(compiler: Path, includes: Sequence[Path],
                  ) -> frozenset[str]:
    """What Python.h declares for the target of *compiler*."""
    # A macro is not expanded within itself, so these stay to be seen.
    return declared(_preprocessed(
        compiler, includes, "-DPyAPI_FUNC(type)=PyAPI_FUNC(type)",
        "-DPyAPI_DATA(type)=PyAPI_DATA(type)"))


def macros_here(compiler: Path, includes: Sequence[Path]) -> frozenset[str]:
    """The macros that are defined after Python.h."""
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
    """What extensions for the stable ABI count on: the functions and data
    of a stable_abi.toml that exist where *macros* are defined."""
    items = tomllib.loads(manifest.read_text(encoding="utf-8"))
    return frozenset(
        name for kind in ("function", "data")
        for name, item in items.get(kind, {}).items()
        if item.get("ifdef", "") in {"", *macros})


def version_script(names: Iterable[str]) -> str:
    """The version script of the interpreter and libpython, of which
    *names* are declared."""
    # As patterns: a linker refuses a plain name that is not defined, and
    # libpython3.so, which gets the same script, defines nothing.
    others = sorted(f"[{name[0]}]{name[1:]}" for name in names
                    if not name.startswith(PREFIXES))
    return _VERSION_SCRIPT.format(names="; ".join(
        [*(f"{prefix}*" for prefix in PREFIXES), *others]))
