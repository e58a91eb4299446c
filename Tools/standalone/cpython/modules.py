"""Decide how to build each extension module, according to modules.toml.

CPython's lists of modules are in Modules/Setup.*.in.  Their format:
https://github.com/python/cpython/blob/3.13/Modules/Setup
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.layout import TOOLS

# "@MODULE__BZ2_TRUE@_bz2 _bz2module.c", or a bare "posix posixmodule.c"
# in Setup.bootstrap.in, perhaps after "@MODULE_TIME_TRUE@".
_RULE = re.compile(r"(?:@MODULE_\w+_TRUE@)?(\w+)\s+(\S.*)")


@dataclass(frozen=True)
class Decisions:
    """The content of modules.toml.

    *disabled* maps each module that is left out to the reason.
    """

    builtin: frozenset[str]
    shared: frozenset[str]
    bootstrap: frozenset[str]
    disabled: Mapping[str, str]

    def place(self, module: str) -> str | None:
        """Return "builtin", "shared" or "disabled", or None if undecided."""
        if module in self.builtin or module in self.bootstrap:
            return "builtin"
        if module in self.shared:
            return "shared"
        return "disabled" if module in self.disabled else None


@cache
def decisions(*, gpl: bool) -> Decisions:
    """Read modules.toml.

    Modules that require a library under the GPL are built in if *gpl* is
    true and disabled otherwise.
    """
    data = tomllib.loads((TOOLS / "cpython" / "modules.toml").read_text())
    builtin, disabled = data["builtin"], data["disabled"]
    if gpl:
        builtin += data["gpl"]
    else:
        disabled |= data["gpl"]
    return Decisions(frozenset(builtin), frozenset(data["shared"]),
                     frozenset(data["bootstrap"]), disabled)


def rules(tree: Path) -> dict[str, str]:
    """Return CPython's rule for each module: name → sources and flags.

    Source: Setup.stdlib.in and Setup.bootstrap.in.
    """
    found = {}
    for name in ("Setup.stdlib.in", "Setup.bootstrap.in"):
        for line in (tree / "Modules" / name).read_text().splitlines():
            if match := _RULE.match(line.partition("#")[0].strip()):
                found[match[1]] = match[2]
    return found


def expected(tree: Path, *, gpl: bool) -> dict[str, str]:
    """Return name → "builtin" or "shared" for all modules to build.

    Raises BuildError if modules of *tree* are missing from modules.toml.
    """
    names = rules(tree)
    decided = decisions(gpl=gpl)
    undecided = [name for name in names if not decided.place(name)]
    if undecided:
        raise BuildError(
            "modules missing from modules.toml: " + ", ".join(undecided),
            hint="add each to a list in Tools/standalone/cpython/modules.toml")
    return {name: place for name in sorted(names)
            if (place := decided.place(name)) in ("builtin", "shared")}
