"""Stage: write Setup.local from CPython's lists of modules and ours.

    source/Modules/Setup.*.in, modules.toml, recipes  →  setup/Setup.local

The format of the file:
https://github.com/python/cpython/blob/3.13/Modules/Setup
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import render, stamp
from standalone.core.layout import Layout
from standalone.core.model import Recipe
from standalone.cpython import modules

if TYPE_CHECKING:
    from standalone.request import Config


def text(tree: Path, configured: Mapping[str, Recipe], layout: Layout, *,
         gpl: bool) -> str:
    """Return the Setup.local for *tree* and the recipes *configured*."""
    found = modules.rules(tree)
    places = modules.expected(tree, gpl=gpl)
    reasons = modules.decisions(gpl=gpl).disabled
    extra = {module: recipes.expand_prefixes(flags, name, layout)
             for name, recipe in configured.items()
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
    layout = config.layout
    with stamp.output_dir(layout.stage("setup"), wanted) as out:
        (out / "Setup.local").write_text(text(
            layout.stage("source"), config.configured, layout, gpl=config.gpl))
