"""Stage: one source archive → the static prefix of one dependency.

    fetched/NAME  →  deps/NAME/{include,lib,share,licenses}
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
from standalone.core.layout import Layout
from standalone.core.model import Build, Command, Pin, Recipe
from standalone.core.platform import Platform
from standalone.core.process import Runner, environment
from standalone.sources import unpack
from standalone.toolchain import flags

if TYPE_CHECKING:
    from standalone.request import Config


def describe(pin: Pin, platform: Platform, layout: Layout,
             prefix: Path | None = None) -> Build:
    """Return what the recipe of *pin* is told, installing into *prefix*:
    by default where others find it."""
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
    """The environment of a recipe's commands."""
    return environment([layout.toolchain / "bin"],
                       extra={"SOURCE_DATE_EPOCH": "0"}, inherited=inherited)


def run(config: Config, wanted: str, name: str) -> None:
    """Build one dependency.  Raises BuildError, and leaves its sources
    for a look."""
    layout = config.layout
    pin, recipe = config.pins[name], recipes.load()[name]
    source = layout.shared / "deps" / f"{name}.source"
    stamp.remove(source)
    unpack.unpack(layout.fetched / name, source)
    runner = Runner(
        layout.logs / f"deps-{name}.log",
        # Whichever Python runs us; not part of the key, as PATH is not.
        environ(layout) | {"PYTHON": sys.executable})
    runner.start()
    with stamp.output_dir(layout.dep(name), wanted) as prefix:
        build = describe(pin, config.platform, layout, prefix)
        runner.steps(recipe.commands(build), name)
        _tidy(prefix, recipe, pin)
        _licences(source, prefix, pin)
    stamp.remove(source)


def _tidy(prefix: Path, recipe: Recipe, pin: Pin) -> None:
    """Keep headers, archives, libraries and data.  What else a package
    installs names its prefix: programs, manuals, pkg-config and libtool
    files."""
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
            raise BuildError(f"{pin.name}: no {name} was built")


def _licences(source: Path, prefix: Path, pin: Pin) -> None:
    """Copy the licence texts, flat, below licenses/."""
    directory = prefix / "licenses"
    directory.mkdir()
    for name in pin.licence_files:
        try:
            shutil.copyfile(source / name,
                            directory / name.replace("/", "-"))
        except OSError as exc:
            raise BuildError(f"{pin.name}: no licence text {name}") from exc
