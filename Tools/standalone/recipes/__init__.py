"""One module a dependency.

A recipe yields commands and runs nothing, so it can be tested without a
compiler, compared as text and hashed.
"""

import importlib
import pkgutil
from pathlib import Path

from standalone.core.layout import Layout
from standalone.core.model import Recipe


def load() -> dict[str, Recipe]:
    """All recipes by name, sorted."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__)
                   if not module.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}").RECIPE
            for name in names}


def configured(version: tuple[int, int], tree: Path, *,
               gpl: bool) -> dict[str, Recipe]:
    """The recipes that a CPython of *version* in *tree* is told of, with
    those under the *gpl* or without."""
    found = {name: recipe for name, recipe in load().items()
             if version >= recipe.since
             and not (recipe.bundled and (tree / recipe.bundled).exists())
             and (gpl or not recipe.gpl)}
    replaced = {name for recipe in found.values() for name in recipe.replaces}
    return {name: recipe for name, recipe in found.items()
            if name not in replaced}


def wanted(version: tuple[int, int], tree: Path, *,
           gpl: bool) -> dict[str, Recipe]:
    """Those, and what they need though CPython has a copy of its own."""
    names = set(configured(version, tree, gpl=gpl))
    while more := {need for name in names
                   for need in load()[name].needs} - names:
        names |= more
    return {name: load()[name] for name in sorted(names)}


def linked(version: tuple[int, int], tree: Path, *,
           gpl: bool) -> dict[str, tuple[str, ...]]:
    """Name → archives, of those that CPython itself is linked with.

    An archive that is only linked into a shared library is not among
    them: nobody links with it again.
    """
    recipes = configured(version, tree, gpl=gpl)
    names = {name for name, recipe in recipes.items()
             if recipe.archives
             and (recipe.configure or recipe.arguments or recipe.setup)}
    while more := {need for name in names
                   for need in load()[name].needs} - names:
        names |= more
    return {name: load()[name].archives for name in sorted(names)}


def expand_prefixes(flags: str, name: str, layout: Layout) -> str:
    """*flags* of the recipe *name* with prefixes filled in.

    ``{prefix}`` is its own; a need's is under the need's name.
    """
    needs = load()[name].needs
    return flags.format(prefix=layout.dep(name),
                        **{need: layout.dep(need) for need in needs})
