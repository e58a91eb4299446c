"""The table of stages: what each needs, and the module that runs it.

A stage has one name, here and in graph.mk, in the plan and in the log.  Only
the directories of cpython and relocate have others, install and tree.
`deps` runs once for each dependency.
"""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from standalone.core.errors import UsageError
from standalone.core.layout import Layout
from standalone.core.model import Recipe

if TYPE_CHECKING:
    from standalone.request import Config


@dataclass(frozen=True)
class Stage:
    """*code* is the module whose run() makes the output.  A *shared*
    output is the same for all builds with one target and toolchain."""

    name: str
    needs: tuple[str, ...]
    code: str
    directory: str
    shared: bool = False

    def output(self, layout: Layout, dependency: str = "") -> Path:
        """Return the directory that the stage makes."""
        top = layout.shared if self.shared else layout.own
        return top / self.directory / dependency

    def run(self, config: Config, wanted: str, dependency: str = "") -> None:
        """Make the output, which is to bear the key *wanted*."""
        # Only now: stages need the packages that the front installs.
        module = importlib.import_module(f"standalone.{self.code}")
        module.run(config, wanted, *([dependency] if dependency else []))


STAGES = {stage.name: stage for stage in (
    Stage("toolchain", (), "toolchain.compilers", "toolchain", shared=True),
    Stage("deps", ("toolchain", "deps"), "pipeline.dependencies", "deps",
          shared=True),
    Stage("source", (), "cpython.source", "source"),
    Stage("setup", ("source",), "cpython.setup_local", "setup"),
    Stage("cpython", ("toolchain", "deps", "source", "setup"), "cpython.build",
          "install"),
    Stage("relocate", ("cpython",), "relocate.stage", "tree"),
    Stage("validate", ("relocate",), "validate.stage", "validate"),
    Stage("archive", ("relocate", "validate"), "archives.stage", "archive"),
)}


@dataclass(frozen=True)
class Task:
    """A stage to be run, for one *dependency* if it is run for each."""

    stage: Stage
    dependency: str
    needs: tuple[str, ...]       # titles of tasks

    @property
    def title(self) -> str:
        """Its name in the plan, the log and the table of durations."""
        return title(self.stage.name, self.dependency)


def title(stage: str, dependency: str | None) -> str:
    """``deps-zlib`` of a dependency, else the name of the stage."""
    return f"{stage}-{dependency}" if dependency else stage


def tasks(recipes: Mapping[str, Recipe]) -> Iterator[Task]:
    """Yield all that a build with *recipes* runs, in an order in which
    everything comes after what it needs."""
    everything = tuple(_in_order(recipes, recipes))
    for stage in STAGES.values():
        for name in everything if stage.name == "deps" else ("",):
            needed = recipes[name].needs if name else everything
            yield Task(stage, name, tuple(
                title(need, of) for need in stage.needs
                for of in (needed if need == "deps" else ("",))))


def task(recipes: Mapping[str, Recipe], stage: str,
         dependency: str | None) -> Task:
    """Return one of `tasks`.

    Raises UsageError if a build with *recipes* does not have it.
    """
    found = {item.title: item for item in tasks(recipes)}
    if stage == "deps" and not dependency:
        names = [item.dependency for item in found.values()
                 if item.dependency]
        raise UsageError("deps needs the name of a dependency",
                         hint=textwrap.fill(", ".join(names), 76))
    try:
        return found[title(stage, dependency)]
    except KeyError:
        raise UsageError(
            f"this build has no stage {stage} {dependency or ''}".rstrip(),
            hint=textwrap.fill(f"it has {', '.join(found)}", 76,
                               break_on_hyphens=False)) from None


def _in_order(recipes: Mapping[str, Recipe],
              names: Iterable[str]) -> list[str]:
    """*names* with every need before what needs it."""
    ordered: list[str] = []
    for name in names:
        ordered += [entry for entry in (
            *_in_order(recipes, recipes[name].needs), name)
            if entry not in ordered]
    return ordered
