"""The stages of a build: what each makes, and the function that does.

Here a stage's own words meet the request; the modules of the stages know
neither each other nor where their inputs come from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from standalone import (
    api,
    cpython,
    deps,
    elf,
    licences,
    modules,
    packing,
    pins,
    policy,
    relocate,
    setup_local,
    source,
    stamp,
    toolchain,
    validate,
)
from standalone.config import Config
from standalone.paths import TOOLS, cache_dir


@dataclass(frozen=True)
class Stage:
    """*run* gets the request, a dependency's name or "", and the key
    that its output is to bear."""

    output: Callable[[Config, str], Path]
    run: Callable[[Config, str, str], None]


def _own(name: str) -> Callable[[Config, str], Path]:
    return lambda config, _: config.layout.stage(name)


def _toolchain(config: Config, _: str, wanted: str) -> None:
    with stamp.output_dir(config.layout.toolchain, wanted) as out:
        toolchain.install(config.chain, config.machine, config.layout, out)


def _deps(config: Config, name: str, wanted: str) -> None:
    # Before the work is done, not when the tree gets its licences.
    licences.check(name, pins.load()[name].licence)
    deps.run(name, config, wanted)


def _validate(config: Config, _: str, wanted: str) -> None:
    layout = config.layout
    tree, source = layout.stage("tree"), layout.stage("source")
    include = next((tree / "install/include").glob("python3*"))
    macros = api.macros_here(layout.toolchain / "bin/cc", [include])
    places = modules.expected(source, gpl=config.gpl)
    with stamp.output_dir(layout.stage("validate"), wanted) as out:
        validate.validate(
            tree / "install", policy.load(),
            validate.Expectations(
                target=config.machine, python=".".join(
                    map(str, config.minor)),
                forbidden=_forbidden(config), modules=places,
                components=frozenset(
                    path.name for path in (tree / "licenses").iterdir()),
                declared=api.declared_in(include),
                stable_abi=api.stable(
                    source / "Misc/stable_abi.toml", macros)),
            dict(_libraries(config)))
        (out / "glibc").write_text(_glibc(tree / "install"))


def _libraries(config: Config) -> Iterator[tuple[str, Path]]:
    """Static libraries of the full archive that are not in the tree."""
    layout = config.layout
    build = layout.stage("build")
    for path in build.rglob("*.a"):
        if not path.name.startswith("libpython"):
            yield f"build/{path.relative_to(build)}", path
    directories = {layout.dep(name) / "lib": recipe.archives
                   for name, recipe in config.recipes.items()}
    directories[layout.toolchain / "sysroot/usr/local/lib"] = (
        "libcompat.a",)
    for directory, names in directories.items():
        for name in names:
            yield f"build/lib/{name}", directory / name


def _forbidden(config: Config) -> tuple[bytes, ...]:
    """Paths of this machine that no shipped file may name.

    With a slash behind them: "/root" alone is in any XML test's </root>.
    """
    paths = {config.layout.work, config.layout.out, config.pristine,
             cache_dir(), TOOLS.parent.parent, Path.home()}
    return tuple(sorted(
        f"{path}/".encode() for path in paths
        if len(path.parts) > 1 and paths.isdisjoint(path.parents)))


def _glibc(tree: Path) -> str:
    """The newest symbol version that anything in *tree* needs."""
    facts = filter(None, map(elf.read, sorted(
        path for path in tree.rglob("*")
        if path.is_file() and not path.is_symlink())))
    newest = max(version.number for file in facts
                 for version in file.versions if version.family == "GLIBC")
    return ".".join(map(str, newest))


STAGES = {
    "toolchain": Stage(lambda config, _: config.layout.toolchain, _toolchain),
    "deps": Stage(lambda config, name: config.layout.dep(name), _deps),
    "source": Stage(_own("source"),
                    lambda config, _, key: source.run(config, key)),
    "setup": Stage(_own("setup"),
                   lambda config, _, key: setup_local.run(config, key)),
    "cpython": Stage(_own("install"),
                     lambda config, _, key: cpython.run(config, key)),
    "relocate": Stage(_own("tree"),
                      lambda config, _, key: relocate.run(config, key)),
    "validate": Stage(_own("validate"), _validate),
    "archive": Stage(_own("archive"),
                     lambda config, _, key: packing.run(config, key)),
}
