"""Stage: build one dependency into a prefix of its own.

    fetched/NAME  →  deps/NAME/{include,lib,share,licenses}

If another build of the user has made the same output, the stage copies it
from the cache; see dependency_cache.py.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import Layout, built_dependencies
from standalone.core.model import Build, Command, Pin, Recipe
from standalone.core.platform import Platform
from standalone.core.process import Runner, environment
from standalone.pipeline import dependency_cache
from standalone.sources import unpack
from standalone.toolchain import flags

if TYPE_CHECKING:
    from standalone.request import Config


def describe(pin: Pin, platform: Platform, layout: Layout,
             prefix: Path | None = None) -> Build:
    """Return the argument for the recipe of *pin*.

    The recipe installs into *prefix*, by default the directory in which
    other stages look for the dependency.
    """
    name = pin.name
    recipe = recipes.load()[name]
    return Build(
        name, pin.version, platform,
        source=layout.shared / "deps" / f"{name}.source",
        prefix=prefix or layout.dep(name),
        needs={need: layout.dep(need) for need in recipe.needs},
        cflags=flags.DEPENDENCY, ldflags=flags.LIBRARY)


def rendered(build: Build) -> list[str]:
    """Return a recipe's steps as text, for its key and golden tests."""
    lines = []
    for step in recipes.load()[build.name].commands(build):
        if isinstance(step, Command):
            words = [*(f"{k}={v}" for k, v in sorted(step.env.items())),
                     *step.argv]
            lines.append(f"[{step.cwd}] {' '.join(words)}")
        else:
            lines.append(f"{step.path}:\n{step.text}")
    return lines


def environ(layout: Layout, *,
            inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a recipe's commands."""
    return environment([layout.toolchain / "bin"],
                       extra={"SOURCE_DATE_EPOCH": "0"}, inherited=inherited)


def run(config: Config, wanted: str, name: str) -> None:
    """Make the dependency *name*: copy it from the cache, or build it.

    Raises BuildError if that fails, and keeps the unpacked source for
    inspection; if a patch does not apply, none of them is applied.
    """
    cached = dependency_cache.entry(built_dependencies(), name, wanted)
    with stamp.output_dir(config.layout.dep(name), wanted) as prefix:
        if not dependency_cache.restore(cached, prefix):
            _build(config, name, prefix)
            dependency_cache.keep(prefix, cached)


def _build(config: Config, name: str, prefix: Path) -> None:
    layout = config.layout
    pin, recipe = config.pins[name], recipes.load()[name]
    source = layout.shared / "deps" / f"{name}.source"
    stamp.remove(source)
    unpack.unpack(layout.fetched / name, source)
    if pin.patches:
        # It needs a package of the host.
        from standalone.sources import patching
        patching.apply(pin, layout.fetched, source)
    runner = Runner(
        layout.logs / f"deps-{name}.log",
        # The Python that runs this; like PATH, not part of the key.
        environ(layout) | {"PYTHON": sys.executable})
    runner.start()
    build = describe(pin, config.platform, layout, prefix)
    runner.steps(recipe.commands(build), name)
    _tidy(prefix, recipe, pin)
    _licences(source, prefix, pin)
    stamp.remove(source)


def _tidy(prefix: Path, recipe: Recipe, pin: Pin) -> None:
    """Remove everything except headers, archives, libraries and data.

    Other installed files contain the prefix: programs, manuals, and the
    files of pkg-config and libtool.
    """
    kept = {"include", "lib", "share" if recipe.data else "lib"}
    for entry in prefix.iterdir():
        if entry.name not in kept:
            stamp.remove(entry)
    for entry in (prefix / "lib").glob("*"):     # none: only data
        if entry.is_dir():
            stamp.remove(entry)
        elif entry.suffix != ".a" and entry.name not in recipe.libraries:
            entry.unlink()
    for name in (*recipe.archives, *recipe.libraries):
        if not (prefix / "lib" / name).is_file():
            raise BuildError(f"{pin.name}: the build did not make {name}")


def _licences(source: Path, prefix: Path, pin: Pin) -> None:
    """Copy the licence texts into one directory, licenses/."""
    directory = prefix / "licenses"
    directory.mkdir()
    for name in pin.licence_files:
        try:
            shutil.copyfile(source / name,
                            directory / name.replace("/", "-"))
        except OSError as exc:
            raise BuildError(
                f"{pin.name}: licence text {name} is missing") from exc
