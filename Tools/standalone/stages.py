"""The stages of a build: what each makes, and the function that does.

Here a stage's own words meet the request; the modules of the stages know
neither each other nor where their inputs come from.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from standalone import (
    archive,
    build_details,
    components,
    cpython,
    deps,
    elf,
    index,
    licences,
    manifest,
    metadata,
    modules,
    pins,
    plan,
    policy,
    provenance,
    pybi,
    recipes,
    relocate,
    sbom,
    setup_local,
    source,
    stamp,
    toolchain,
    validate,
)
from standalone.config import Config
from standalone.paths import TOOLS, cache_dir
from standalone.run import output

Mounts = Sequence[archive.Mount]

INDEX = "index.json"


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
    tree = config.layout.stage("tree")
    places = modules.expected(config.layout.stage("source"), gpl=config.gpl)
    with stamp.output_dir(config.layout.stage("validate"), wanted) as out:
        validate.validate(
            tree / "install", policy.load(),
            validate.Expectations(
                target=config.machine, python=".".join(
                    map(str, config.minor)),
                forbidden=_forbidden(config), modules=places,
                components=frozenset(
                    path.name for path in (tree / "licenses").iterdir())))
        (out / "glibc").write_text(_glibc(tree / "install"))


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


def _archive(config: Config, _: str, wanted: str) -> None:
    layout = config.layout
    tree = layout.stage("tree")
    prefixes = [*map(layout.dep, plan.wanted_deps(config)),
                # Linked into all that calls a newer function of libc's.
                layout.toolchain / "sysroot/usr/local"]
    full = archive.full_mounts(tree / "install", layout.stage("build"),
                               prefixes, tree / "licenses")
    name = archive.archive_name(config.release, config.target,
                                config.options)
    with stamp.output_dir(layout.stage("archive"), wanted) as out:
        full = (*full, _details(tree / "install", out))
        python_json = out / "PYTHON.json"
        python_json.write_text(json.dumps(
            _python_json(config, full), indent=1, sort_keys=True) + "\n")
        specs = {spec.name.removeprefix(f"{name}-"): spec
                 for spec in archive.specs(
                     name, install=tree / "install",
                     stripped=tree / "stripped", debug=tree / "debug",
                     licences=tree / "licenses", full=full,
                     python_json=python_json)}
        others = _pybi(config, name, specs["install_only_stripped"], out)
        listed = [_listed(spec, kind, out) for kind, spec in specs.items()]
        contents = {
            **{f"{spec.name}.tar.{compression}": spec.mounts
               for spec in listed for compression in spec.compressions},
            **{file: mounts for file, (mounts, _) in others.items()}}
        made = archive.archive(
            listed, layout.out, config.epoch,
            lambda archives, sums: {
                INDEX: index.text(sums),
                **_statements(config, contents, name, archives)},
            {file: writer for file, (_, writer) in others.items()})
        # But of an index: it is of other builds in the directory as well.
        (out / "SHA256SUMS").write_text(
            "".join(f"{entry.sha256}  {entry.path.name}\n"
                    for entry in made if entry.path.name != INDEX))


def _details(tree: Path, out: Path) -> archive.Mount:
    """The full archive's own build-details.json, which is made in *out*."""
    library = relocate.library(tree)
    path = library / "build-details.json"
    [static] = library.glob("config-*/libpython*.a")
    (out / path.name).write_text(build_details.with_archive(
        path, str(static.relative_to(tree))))
    return archive.Mount(out / path.name,
                         f"install/{path.relative_to(tree)}")


def _listed(spec: archive.Spec, kind: str, out: Path) -> archive.Spec:
    """*spec* with a list of its files among them, which is made in *out*.

    That of the full archive is in its tree, and of just that.
    """
    below = "install/" if kind == "full" else ""
    path = out / f"{kind}.sha256"
    path.write_text(manifest.text(archive.members(spec.mounts), below),
                    "utf-8")
    return replace(spec, mounts=(*spec.mounts, archive.Mount(
        path, below + manifest.PLACE.format(kind))))


def _pybi(config: Config, name: str, stripped: archive.Spec,
          out: Path) -> dict[str, tuple[Mounts, archive.Writer]]:
    """A pybi of what most people download; none of a build with a word
    of its own in its *name*, debug or x86_64_v3, which a pybi's name has
    no room for."""
    machine, layout = config.machine.machine, config.layout
    if name != f"python-{config.release}-{machine}-unknown-linux-gnu":
        return {}
    facts = pybi.Facts(
        config.version, config.build, machine,
        (layout.stage("validate") / "glibc").read_text(),
        _ask(layout.stage("tree") / "install", pybi.PROBE))
    spec = _listed(replace(stripped, mounts=tuple(
        replace(mount, without=(*mount.without, *pybi.WITHOUT))
        for mount in stripped.mounts)), "pybi", out)
    return {facts.name: (spec.mounts, lambda path: pybi.write(
        path, archive.members(spec.mounts), facts, config.epoch,
        archive.deflated))}


def _ask(tree: Path, probe: str) -> dict[str, Any]:
    """What the interpreter of *tree* prints as JSON."""
    answer: dict[str, Any] = json.loads(output(
        [str(relocate.interpreter(tree)), "-I", "-B", "-c", probe]))
    return answer


def _statements(config: Config, contents: Mapping[str, Mounts], name: str,
                archives: Sequence[archive.Archive]) -> dict[str, str]:
    """An SBOM for each archive, and how all of them were made."""
    found = components.load(config.layout.stage("tree") / components.FILE)
    documents: dict[str, object] = {
        name + provenance.SUFFIX: provenance.statement(
            {item.path.name: item.sha256 for item in archives}, config)}
    for item in archives:
        members = archive.members(contents[item.path.name])
        documents[item.path.name + sbom.SUFFIX] = sbom.document(
            item.path.name,
            {"SHA1": stamp.file_digest(item.path, "sha1"),
             "SHA256": item.sha256},
            [part for part in found if part.is_in(members)], config.epoch)
    return {path: json.dumps(document, indent=1, sort_keys=True) + "\n"
            for path, document in documents.items()}


def _python_json(config: Config,
                 full: tuple[archive.Mount, ...]) -> dict[str, object]:
    layout = config.layout
    tree, build = layout.stage("tree") / "install", layout.stage("build")
    probe = _ask(tree, metadata.PROBE)
    made = build / "Modules"
    setups = {path.name: path.read_text() for path in (
        made / "Setup.local", made / "Setup.stdlib", made / "Setup.bootstrap",
        layout.stage("source") / "Modules" / "Setup")}
    wanted = recipes.wanted(config.minor, config.pristine, gpl=config.gpl)
    facts = metadata.Facts(
        triple=config.target, options=config.flavour,
        glibc=(layout.stage("validate") / "glibc").read_text(),
        object_format=config.chain.object_format(config.flavour),
        licences=(pins.cpython_pin(pins.cpython_versions()[0]).licence,
                  *sorted({pins.load()[name].licence
                           for name, recipe in wanted.items() if recipe.gpl})),
        licence_path="licenses/cpython/LICENSE",
        data={pins.load()[name]: recipe.data.values()
              for name, recipe in wanted.items() if recipe.data},
        archives={archive: pins.load()[name]
                  for name, recipe in wanted.items()
                  for archive in recipe.archives},
        make=metadata.make_facts(output(
            ["make", *metadata.MAKE_FACTS], cwd=build)),
        config_c=(build / "Modules/config.c").read_text(), setups=setups)
    return metadata.python_json(probe, facts, archive.members(full))


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
    "archive": Stage(_own("archive"), _archive),
}
