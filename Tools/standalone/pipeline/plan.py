"""Plan a build: what each output must be made of, in files that make reads.

The parts of a stage are labelled: the code and data of ours that it runs
(see closure.py), the environment of its commands, what it is handed, and
the hashes of the stages it needs.  So an output whose own parts are the
planned ones is up to date, all the way down.
"""

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.layout import ROOT, Layout, cache_dir
from standalone.core.model import Recipe
from standalone.core.process import environment
from standalone.cpython import build, source
from standalone.documents import components, provenance
from standalone.formats.names import BuildName
from standalone.pipeline import closure, dependencies, stages
from standalone.pipeline.stages import STAGES, Stage, Task
from standalone.request import Config
from standalone.sources import host
from standalone.toolchain import compilers

#: Label → a short text, or the hash of a longer one.
Parts = Mapping[str, str]

# Answers of Config that change no output: where the sources are looked for
# and how many commands run at once.  What the tree and the pins hold has
# parts of its own.
_IDLE = {"cpython", "pristine", "sources", "source_dir", "jobs", "pins",
         "wanted"}
# Answers that only the archives show.
_OF_ARCHIVES = {"build", "name"}


def parts(config: Config) -> dict[str, Parts]:
    """Title of a task → the parts of its output."""
    found: dict[str, Parts] = {}
    code = {name: closure.parts(stage.code) for name, stage in STAGES.items()}
    for task in stages.tasks(config.recipes):
        found[task.title] = code[task.stage.name] | _given(
            config, task.stage, task.dependency) | {
            f"needs {need}": stamp.key(found[need]) for need in task.needs}
    return found


def toolchain(config: Config) -> str:
    """The key of the toolchain alone; no CPython tree is needed."""
    stage = STAGES["toolchain"]
    return text(closure.parts(stage.code) | _given(config, stage, ""))


def text(planned: Parts) -> str:
    """Parts as they are written down, in the plan and in the output."""
    return json.dumps(planned, indent=1, sort_keys=True) + "\n"


def _given(config: Config, stage: Stage, dependency: str) -> dict[str, str]:
    """The environment of a stage's commands, and what it is passed."""
    variables, values = _GIVEN[stage.name](config, dependency)
    return {f"environment {name}": _short(value)
            for name, value in variables.items()} | {
        label: _short(value) for label, value in values.items()}


def _short(value: object) -> str:
    """A text that fits into a line as it is, the hash of all else."""
    shown = value if isinstance(value, str) else json.dumps(
        value, sort_keys=True, default=str)
    return (shown if len(shown) <= 60 and shown.isprintable()
            else stamp.key(shown))


_Given = tuple[Mapping[str, str], Mapping[str, object]]


def _toolchain(config: Config, _: str) -> _Given:
    chain = config.chain
    return environment(inherited={}), {
        "compiler": [chain.name, chain.version],
        "wrapper scripts": chain.files, "target": asdict(config.platform),
        "package": [line for line in host.REQUIREMENTS.read_text(
            encoding="utf-8").splitlines()
            if line.startswith(f"{compilers.PACKAGE}==")]}


def _deps(config: Config, name: str) -> _Given:
    pin, recipe = config.pins[name], config.recipes[name]
    return dependencies.environ(config.layout, inherited={}), {
        "sources": [file.sha256 for file in pin.files],
        "licence files": pin.licence_files,
        "commands": dependencies.rendered(
            dependencies.describe(pin, config.platform, config.layout)),
        "kept": [recipe.archives, recipe.libraries, bool(recipe.data)]}


def _source(config: Config, _: str) -> _Given:
    return {}, source.fingerprint(
        config.pristine, config.layout.out)


def _setup(config: Config, _: str) -> _Given:
    return {}, request(config)


def _cpython(config: Config, _: str) -> _Given:
    return build.environ(
        config.layout, config.recipes, config.epoch, inherited={},
        ), request(config)


def _relocate(config: Config, _: str) -> _Given:
    return environment(inherited={}), request(config) | {
        # Of several places with the same source, the one it came from.
        "fetched": [components.fetched(config.layout.fetched, pin).sha256
                    for pin in config.wanted],
        # The source that is built has no Doc.
        "notices": [stamp.file_sha256(path) for path
                    in config.pristine.glob("Doc/license.rst")]}


def _validate(config: Config, _: str) -> _Given:
    return environment(inherited={}), request(config) | {
        "places": [str(path) for path in (
            config.pristine, cache_dir(), ROOT, Path.home())]}


def _archive(config: Config, _: str) -> _Given:
    return environment(inherited={}), request(config) | {
        f"request {name}": _by_value(getattr(config, name))
        for name in sorted(_OF_ARCHIVES)} | {
        "builder": provenance.builder(),
        "commits": provenance.trees(
            None if config.is_pinned else config.pristine)}


_GIVEN: Mapping[str, Callable[[Config, str], _Given]] = {
    "toolchain": _toolchain, "deps": _deps, "source": _source,
    "setup": _setup, "cpython": _cpython, "relocate": _relocate,
    "validate": _validate, "archive": _archive}


def request(config: Config) -> dict[str, object]:
    """What Config answers, by value: so its code is in no closure."""
    answers = {field.name for field in fields(config)} | {
        name for name, member in vars(Config).items()
        if isinstance(member, (property, cached_property))}
    return {f"request {name}": _by_value(getattr(config, name))
            for name in sorted(answers - _IDLE - _OF_ARCHIVES)}


def _by_value(answer: object) -> object:
    """Of recipes what they say; their commands are in their prefixes."""
    if isinstance(answer, BuildName):
        return str(answer)
    if isinstance(answer, dict):
        return {key: _by_value(value) for key, value in answer.items()}
    if isinstance(answer, Recipe):
        return {field.name: getattr(answer, field.name)
                for field in fields(answer) if field.name != "commands"}
    return answer


def write(config: Config) -> None:
    """Write plan/: the parts of each output, changed only when they are,
    and names.mk, the names that graph.mk builds."""
    layout = config.layout
    planned = parts(config)
    tasks = list(stages.tasks(config.recipes))
    for task in tasks:
        stamp.write_if_changed(_place(layout, task.stage, task.title),
                               text(planned[task.title]))
    lines = [f"SHARED := {layout.shared.name}",
             f"OWN := {layout.shared.name}/{layout.own.name}",
             f"DEPS := {' '.join(config.recipes)}"]
    lines += [f"$(SHARED)/deps/{task.dependency}/.key: "
              f"| $(SHARED)/deps/{need.removeprefix('deps-')}/.key"
              for task in tasks if task.dependency
              for need in task.needs if need.startswith("deps-")]
    stamp.write_if_changed(layout.plan / "names.mk", "\n".join(lines) + "\n")
    config.save()


def _place(layout: Layout, stage: Stage, title: str) -> Path:
    """Where the key of a stage lies below plan/: builds with other
    options or toolchains keep theirs."""
    top = layout.plan / layout.shared.name
    return (top if stage.shared else top / layout.own.name) / f"{title}.key"


def read(layout: Layout, name: str, dependency: str = "") -> str:
    """Return the planned key of the stage *name*, of deps for one
    *dependency*.  Raises UsageError if the plan has no such stage."""
    if name in STAGES and bool(dependency) == (name == "deps"):
        path = _place(layout, STAGES[name], stages.title(name, dependency))
        if path.is_file():
            return path.read_text(encoding="utf-8")
    shared = layout.plan / layout.shared.name
    planned = sorted(
        key.stem.replace("-", " ", 1)
        for below in (shared, shared / layout.own.name)
        for key in below.glob("*.key"))
    raise UsageError(
        f"the plan in {layout.work} has no stage "
        f"{' '.join(filter(None, (name, dependency)))!r}",
        hint=textwrap.fill(f"it has {', '.join(planned)}", 76))


def made_of(layout: Layout, task: Task) -> Parts | None:
    """The parts that an output was made of; None if there is none."""
    output = task.stage.output(layout, task.dependency)
    try:
        found = json.loads((output / stamp.KEY).read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:           # a hash, as keys were before
        return {}
    return found if isinstance(found, dict) else {}
