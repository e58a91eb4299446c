"""Plan a build: write the inputs of each output to files that make reads.

The parts of a stage are labelled: our code and data that it runs (see
closure.py), the environment of its commands, its arguments, and the hashes
of the stages it needs.  An output is up to date if its parts are those of
the plan; the hashes include the stages it needs.
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
from standalone.core.model import Pin, Recipe
from standalone.core.process import environment
from standalone.cpython import build, source
from standalone.documents import components, provenance
from standalone.formats.names import BuildName
from standalone.pipeline import closure, dependencies, stages
from standalone.pipeline.stages import STAGES, Stage, Task
from standalone.profile import store
from standalone.request import Config
from standalone.sources import host
from standalone.toolchain import compilers, jit

#: Label → a short text, or the hash of a longer one.
Parts = Mapping[str, str]

# The part that makes the wrapper scripts anew if OUT is moved.
_DIRECTORY = "directory"

# Attributes of Config that change no output, such as where to look for the
# sources and how many commands to run at once.  The contents of the tree
# and of the pins are separate parts.
_IDLE = {"cpython", "pristine", "sources", "source_dir", "jobs", "pins",
         "wanted"}
# Attributes that only change the archives.
_OF_ARCHIVES = {"build", "name"}


def parts(config: Config) -> dict[str, Parts]:
    """Return the parts of each output, by the title of its task."""
    found: dict[str, Parts] = {}
    code = {name: closure.parts(stage.code) for name, stage in STAGES.items()}
    for task in stages.tasks(config.recipes):
        found[task.title] = code[task.stage.name] | _given(
            config, task.stage, task.dependency) | {
            f"needs {need}": _needed(found[need]) for need in task.needs}
    return found


def _needed(planned: Parts) -> str:
    """Return the hash of an output, for the keys of stages that need it.

    The stages' own outputs do not depend on the directory of what they use.
    """
    return stamp.key({label: value for label, value in planned.items()
                      if label != _DIRECTORY})


def toolchain(config: Config) -> str:
    """Return the key of the toolchain, which needs no CPython tree."""
    stage = STAGES["toolchain"]
    return text(closure.parts(stage.code) | _given(config, stage, ""))


def text(planned: Parts) -> str:
    """Return *planned* as it is written to the plan and to the output."""
    return json.dumps(planned, indent=1, sort_keys=True) + "\n"


def _given(config: Config, stage: Stage, dependency: str) -> dict[str, str]:
    """Return the environment of a stage's commands, and its arguments."""
    variables, values = _GIVEN[stage.name](config, dependency)
    return {f"environment {name}": _short(value)
            for name, value in variables.items()} | {
        label: _short(value) for label, value in values.items()}


def _short(value: object) -> str:
    """Return a short text or a hash unchanged, and the hash of the rest."""
    shown = value if isinstance(value, str) else json.dumps(
        value, sort_keys=True, default=str)
    return (shown if len(shown) <= 64 and shown.isprintable()
            else stamp.key(shown))


_Given = tuple[Mapping[str, str], Mapping[str, object]]


def _toolchain(config: Config, _: str) -> _Given:
    # With the same paths for all builds, so that the dependencies have the
    # same keys.
    chain = compilers.toolchain(config.toolchain, config.platform,
                                config.layout.portable)
    return environment(inherited={}), {
        _DIRECTORY: str(config.layout.toolchain),
        "compiler": [chain.name, chain.version],
        "wrapper scripts": chain.files, "target": asdict(config.platform),
        "package": [line for line in host.REQUIREMENTS.read_text(
            encoding="utf-8").splitlines()
            if line.startswith(f"{compilers.PACKAGE}==")]}


def _deps(config: Config, name: str) -> _Given:
    pin, recipe = config.pins[name], config.recipes[name]
    layout = config.layout.portable
    return dependencies.environ(layout, inherited={}), {
        # The alternative that was fetched: provenance names it.
        "source": components.fetched(config.layout.fetched, pin).sha256,
        "licence files": pin.licence_files,
        "commands": dependencies.rendered(
            dependencies.describe(pin, config.platform, layout)),
        "kept": [recipe.archives, recipe.libraries, bool(recipe.data)]
        } | _patches(pin)


def _patches(pin: Pin) -> dict[str, str]:
    """Return name → hash of the pin's patches, in their order."""
    patches = [patch for series in pin.patches for patch in series.patches]
    return {f"patch {number:02} {patch.name}": patch.sha256
            for number, patch in enumerate(patches, 1)}


def _source(config: Config, _: str) -> _Given:
    return {}, source.fingerprint(
        config.pristine, config.layout.out)


def _setup(config: Config, _: str) -> _Given:
    return {}, request(config)


def _cpython(config: Config, _: str) -> _Given:
    return build.environ(
        config.layout, config.recipes, config.epoch, config.variant,
        inherited={}), request(config) | {
        "profile": store.key(config.variant),
        "JIT": jit.key(config.layout, config.pristine,
                       config.variant.options)}


def _relocate(config: Config, _: str) -> _Given:
    return environment(inherited={}), request(config) | {
        # The alternative of each pin that was fetched.
        "fetched": [components.fetched(config.layout.fetched, pin).sha256
                    for pin in config.wanted],
        "notices": stamp.file_sha256(config.notices)
        if config.notices.exists() else ""}


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
    """Return the attributes of Config by value, instead of its code."""
    answers = {field.name for field in fields(config)} | {
        name for name, member in vars(Config).items()
        if isinstance(member, (property, cached_property))}
    return {f"request {name}": _by_value(getattr(config, name))
            for name in sorted(answers - _IDLE - _OF_ARCHIVES)}


def _by_value(answer: object) -> object:
    """Return a value for JSON; leave out the commands of recipes.

    The commands are part of the key of each dependency.
    """
    if isinstance(answer, BuildName):
        return str(answer)
    if isinstance(answer, dict):
        return {key: _by_value(value) for key, value in answer.items()}
    if isinstance(answer, Recipe):
        return {field.name: getattr(answer, field.name)
                for field in fields(answer) if field.name != "commands"}
    return answer


def write(config: Config) -> None:
    """Write the plan, and names.mk with the names that graph.mk builds.

    Files whose contents are the same keep their modification time.
    """
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
    """Return the path of a stage's key below plan/.

    Builds with other options or toolchains have other paths.
    """
    top = layout.plan / layout.shared.name
    return (top if stage.shared else top / layout.own.name) / f"{title}.key"


def read(layout: Layout, name: str, dependency: str = "") -> str:
    """Return the planned key of the stage *name*.

    The stage deps needs the name of a *dependency*.  Raises UsageError if
    the plan has no such stage.
    """
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
    """Return the parts of an output, or None if there is no output.

    The parts are empty if an older version, without parts, made it.
    """
    output = task.stage.output(layout, task.dependency)
    try:
        found = json.loads((output / stamp.KEY).read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:           # a hash, written by an older version
        return {}
    return found if isinstance(found, dict) else {}
