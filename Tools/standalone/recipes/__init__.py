"""Recipes of the dependencies, one per module.

A recipe yields commands and does not run them, so it can be tested
without a compiler, compared as text and hashed.
"""

import importlib
import pkgutil
from pathlib import Path

from standalone.core.layout import Layout
from standalone.core.model import Recipe


def load() -> dict[str, Recipe]:
    """Return all recipes by name, sorted."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__)
                   if not module.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}").RECIPE
            for name in names}


def configured(version: tuple[int, int], tree: Path, *,
               gpl: bool) -> dict[str, Recipe]:
    """Return the recipes whose results are passed to CPython's configure.

    *version* is CPython's feature version and *tree* its source, which
    may bundle some dependencies.  *gpl* includes those under the GPL.
    """
    found = {name: recipe for name, recipe in load().items()
             if version >= recipe.since
             and not (recipe.bundled and version < recipe.unbundled
                      and (tree / recipe.bundled).exists())
             and (gpl or not recipe.gpl)}
    replaced = {name for recipe in found.values() for name in recipe.replaces}
    return {name: recipe for name, recipe in found.items()
            if name not in replaced}


def wanted(version: tuple[int, int], tree: Path, *,
           gpl: bool) -> dict[str, Recipe]:
    """Return the configured() recipes and all recipes that they need.

    This may include dependencies that CPython bundles for its own use.
    """
    names = set(configured(version, tree, gpl=gpl))
    while more := {need for name in names
                   for need in load()[name].needs} - names:
        names |= more
    return {name: load()[name] for name in sorted(names)}


def linked(version: tuple[int, int], tree: Path, *,
           gpl: bool) -> dict[str, tuple[str, ...]]:
    """Return name → archives of the dependencies linked into CPython.

    Archives that are linked only into a shared library are left out
    because nothing needs to be linked with them again.
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
    """Return *flags* of the recipe *name* with prefixes filled in.

    ``{prefix}`` is the recipe's own prefix, and ``{NAME}`` the prefix of
    a dependency that it needs.
    """
    needs = load()[name].needs
    return flags.format(prefix=layout.dep(name),
                        **{need: layout.dep(need) for need in needs})
