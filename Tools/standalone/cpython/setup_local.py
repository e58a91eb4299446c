"""Stage: CPython's lists of modules + our decisions → Setup.local.

    source/Modules/Setup.*.in, modules.toml, recipes  →  setup/Setup.local

https://github.com/python/cpython/blob/3.13/Modules/Setup says what such
a file may contain.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import render, stamp
from standalone.cpython import modules

if TYPE_CHECKING:
    from standalone.request import Config


def text(tree: Path, config: Config) -> str:
    """The Setup.local for *tree*."""
    found = modules.rules(tree)
    places = modules.expected(tree, gpl=config.gpl)
    reasons = modules.decisions(gpl=config.gpl).disabled
    extra = {module: recipes.filled(flags, name, config.layout)
             for name, recipe in recipes.told(config.minor, tree,
                                              gpl=config.gpl).items()
             for module, flags in recipe.setup.items()}
    return render.render(
        "Setup.local.j2",
        static=[f"{module} {found[module]} {flags}"
                for module, flags in sorted(extra.items())],
        shared=[f"{module} {found[module]}"
                for module, place in places.items() if place == "shared"],
        disabled={name: reasons[name] for name in sorted(reasons)
                  if name in found})


def run(config: Config, wanted: str) -> None:
    """Write setup/Setup.local."""
    with stamp.output_dir(config.layout.stage("setup"), wanted) as out:
        (out / "Setup.local").write_text(
            text(config.layout.stage("source"), config))
