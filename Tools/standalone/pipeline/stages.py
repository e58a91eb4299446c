"""The table of stages: the needs of each, and the module that runs it.

A stage has the same name here, in graph.mk, in the plan and in the log.
Only the output directories of cpython and relocate have other names,
install and tree.  `deps` runs once for each dependency.
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
    """A stage of the build.

    *code* is the module whose run() makes the output.  All builds with the
    same target and toolchain use the same *shared* output.
    """

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
        """Make the output, with the key *wanted*."""
        # Import late: stages need the packages that the driver installs.
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
    """A stage to run, for one *dependency* if the stage is deps."""

    stage: Stage
    dependency: str
    needs: tuple[str, ...]       # titles of tasks

    @property
    def title(self) -> str:
        """The name in the plan, the log and the table of durations."""
        return title(self.stage.name, self.dependency)


def title(stage: str, dependency: str | None) -> str:
    """Return ``deps-zlib`` for a dependency, else the stage's name."""
    return f"{stage}-{dependency}" if dependency else stage


def tasks(recipes: Mapping[str, Recipe]) -> Iterator[Task]:
    """Yield all tasks of a build, each after those that it needs."""
    everything = tuple(_in_order(recipes, recipes))
    for stage in STAGES.values():
        for name in everything if stage.name == "deps" else ("",):
            needed = recipes[name].needs if name else everything
            yield Task(stage, name, tuple(
                title(need, of) for need in stage.needs
                for of in (needed if need == "deps" else ("",))))


def task(recipes: Mapping[str, Recipe], stage: str,
         dependency: str | None) -> Task:
    """Return one task.  Raises UsageError if the build does not have it."""
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
    """Return *names* and their needs, each after those that it needs."""
    ordered: list[str] = []
    for name in names:
        ordered += [entry for entry in (
            *_in_order(recipes, recipes[name].needs), name)
            if entry not in ordered]
    return ordered
