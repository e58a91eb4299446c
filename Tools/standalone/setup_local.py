"""Stage: CPython's lists of modules + our decisions → Setup.local.

    source/Modules/Setup.*.in, modules.toml, recipes  →  setup/Setup.local

https://github.com/python/cpython/blob/3.13/Modules/Setup says what such
a file may contain.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from standalone import recipes, render, stamp
from standalone.config import Config
from standalone.errors import BuildError
from standalone.paths import TOOLS, Layout

# "@MODULE__BZ2_TRUE@_bz2 _bz2module.c", or a bare "posix posixmodule.c"
# in Setup.bootstrap.in, perhaps after "@MODULE_TIME_TRUE@".
_RULE = re.compile(r"(?:@MODULE_\w+_TRUE@)?(\w+)\s+(\S.*)")


@dataclass(frozen=True)
class Decisions:
    """modules.toml: where each module goes, or why it is left out."""

    builtin: frozenset[str]
    shared: frozenset[str]
    bootstrap: frozenset[str]
    disabled: Mapping[str, str]

    def place(self, module: str) -> str | None:
        """"builtin", "shared", "disabled", or None: undecided."""
        if module in self.builtin or module in self.bootstrap:
            return "builtin"
        if module in self.shared:
            return "shared"
        return "disabled" if module in self.disabled else None


@cache
def decisions() -> Decisions:
    """What modules.toml says."""
    data = tomllib.loads((TOOLS / "modules.toml").read_text())
    return Decisions(frozenset(data["builtin"]), frozenset(data["shared"]),
                     frozenset(data["bootstrap"]), data["disabled"])


def rules(tree: Path) -> dict[str, str]:
    """CPython's rule for each module: name → sources and flags."""
    found = {}
    for name in ("Setup.stdlib.in", "Setup.bootstrap.in"):
        for line in (tree / "Modules" / name).read_text().splitlines():
            if match := _RULE.match(line.partition("#")[0].strip()):
                found[match[1]] = match[2]
    return found


def expected(tree: Path) -> dict[str, str]:
    """Where each module of *tree* has to be: "builtin" or "shared".

    Raises BuildError that names all modules nobody decided about.
    """
    names = rules(tree)
    undecided = [name for name in names if not decisions().place(name)]
    if undecided:
        raise BuildError(
            "nobody decided about these modules: " + ", ".join(undecided),
            hint="add each to a list in Tools/standalone/modules.toml")
    return {name: place for name in sorted(names)
            if (place := decisions().place(name)) in ("builtin", "shared")}


def text(tree: Path, config: Config) -> str:
    """The Setup.local for *tree*."""
    found = rules(tree)
    places = expected(tree)
    extra = {module: recipe_flags(flags, name, config.layout)
             for name, recipe in recipes.wanted(config.minor, tree).items()
             for module, flags in recipe.setup.items()}
    return render.render(
        "Setup.local.j2",
        static=[f"{module} {found[module]} {flags}"
                for module, flags in sorted(extra.items())],
        shared=[f"{module} {found[module]}"
                for module, place in places.items() if place == "shared"],
        disabled={name: reason for name, reason
                  in sorted(decisions().disabled.items()) if name in found})


def recipe_flags(flags: str, name: str, layout: Layout) -> str:
    """*flags* of the recipe *name* with prefixes filled in.

    ``{prefix}`` is its own; a need's is under the need's name.
    """
    needs = recipes.load()[name].needs
    return flags.format(prefix=layout.dep(name),
                        **{need: layout.dep(need) for need in needs})


def run(config: Config, wanted: str) -> None:
    """Write setup/Setup.local."""
    with stamp.output_dir(config.layout.stage("setup"), wanted) as out:
        (out / "Setup.local").write_text(
            text(config.layout.stage("source"), config))
