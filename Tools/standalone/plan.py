"""Keys: what each output must be made of, in files that make reads.

A stage's key holds the keys of what it needs, so an output whose own key
is the planned one is up to date, all the way down.
"""

import textwrap
from collections.abc import Iterable

from standalone import deps, pins, provenance, recipes, source, stamp
from standalone.config import Config
from standalone.errors import UsageError
from standalone.model import Pin
from standalone.paths import TOOLS


def wanted_deps(config: Config) -> list[str]:
    """The recipes this CPython is built with; its tree must be there."""
    return list(config.recipes)


def wanted_pins(config: Config) -> list[Pin]:
    """What has to be fetched beside CPython."""
    return [pins.load()[name] for name in wanted_deps(config)]


def keys(config: Config) -> dict[str, str]:
    """Stage, or ``deps-NAME``, → key."""
    found = {"toolchain": toolchain_key(config)}
    for name in _in_order(wanted_deps(config)):
        needs = recipes.load()[name].needs
        found[f"deps-{name}"] = stamp.key(
            [file.sha256 for file in pins.load()[name].files],
            pins.load()[name].licence_files,
            deps.rendered(name, config), found["toolchain"],
            [found[f"deps-{need}"] for need in needs])
    found["source"] = source.fingerprint(config)
    found["setup"] = stamp.key(
        found["source"], _told(config), _code(
            "setup_local", "modules", "modules.toml", "render", "templates"))
    found["cpython"] = stamp.key(
        [found[name] for name in sorted(found)], config.epoch,
        _code("cpython", "flags", "api"))
    found["relocate"] = stamp.key(
        found["cpython"], _code(
            "relocate", "build_details", "bytecode", "staticlib", "ar",
            "sysconfigdata", "strip", "flags", "templates", "inventory",
            "components", "components.toml", "licences", "elf"),
        [str(pin) for pin in wanted_pins(config)],
        # The source that is built has no Doc.
        [stamp.file_sha256(path) for path
         in config.pristine.glob("Doc/license.rst")])
    found["validate"] = stamp.key(
        found["relocate"], _code("validate", "rules", "elf_rules",
                                 "limits", "elf", "policy", "policy.toml",
                                 "stages", "api", "ar"))
    found["archive"] = stamp.key(
        found["relocate"], _code("archive", "build_details",
                                 "compression", "index", "linkage",
                                 "manifest", "metadata", "mounts",
                                 "packing",
                                 "provenance", "pybi", "sbom"),
        config.out, config.name, config.build, provenance.builder())
    return found


def toolchain_key(config: Config) -> str:
    """That of the toolchain, which nothing else goes into."""
    return stamp.key(config.chain.key, _code("toolchain"))


def _told(config: Config) -> list[object]:
    """What CPython is told of its dependencies, and takes from them."""
    wanted = config.recipes
    return [(name, recipe.configure, recipe.arguments, recipe.setup,
             recipe.data, recipe.libraries) for name, recipe in wanted.items()]


def write(config: Config) -> None:
    """Write plan/: a key file for each stage, changed only when it is,
    and graph.mk, the names that Makefile.standalone builds."""
    layout = config.layout
    for name, key in keys(config).items():
        stamp.write_if_changed(layout.plan / f"{_place(config, name)}.key",
                               key)
    names = wanted_deps(config)
    lines = [f"SHARED := {layout.shared.name}",
             f"OWN := {layout.shared.name}/{layout.own.name}",
             f"DEPS := {' '.join(names)}"]
    lines += [f"$(SHARED)/deps/{name}/.key: | $(SHARED)/deps/{need}/.key"
              for name in names for need in recipes.load()[name].needs]
    stamp.write_if_changed(layout.plan / "graph.mk",
                           "\n".join(lines) + "\n")
    config.save()


def _place(config: Config, name: str) -> str:
    """Where the key of a stage lies below plan/: builds with other
    options or toolchains keep theirs."""
    layout = config.layout
    if name == "toolchain" or name.startswith("deps-"):
        return f"{layout.shared.name}/{name}"
    return f"{layout.shared.name}/{layout.own.name}/{name}"


def read(config: Config, name: str, dependency: str = "") -> str:
    """Return the planned key of the stage *name*, of deps for one
    *dependency*.  Raises UsageError if the plan has no such stage."""
    title = f"{name}-{dependency}" if dependency else name
    path = config.layout.plan / f"{_place(config, title)}.key"
    if "-" in name or not path.is_file():
        shared = config.layout.plan / config.layout.shared.name
        planned = sorted(
            key.stem.replace("-", " ", 1)
            for below in (shared, shared / config.layout.own.name)
            for key in below.glob("*.key"))
        raise UsageError(
            f"the plan in {config.layout.work} has no stage "
            f"{' '.join(filter(None, (name, dependency)))!r}",
            hint=textwrap.fill(f"it has {', '.join(planned)}", 76))
    return path.read_text()


def _in_order(names: Iterable[str]) -> list[str]:
    """*names* with every need before what needs it."""
    ordered: list[str] = []
    for name in names:
        ordered += [entry for entry
                    in (*_in_order(recipes.load()[name].needs), name)
                    if entry not in ordered]
    return ordered


def _code(*names: str) -> list[str]:
    """Hashes of our own modules, templates and data by those names."""
    hashes = []
    for name in names:
        path = TOOLS / (name if "." in name else f"{name}.py")
        if (TOOLS / name).is_dir():
            hashes.append(stamp.tree_sha256(TOOLS / name))
        else:
            hashes.append(stamp.file_sha256(path))
    return hashes
