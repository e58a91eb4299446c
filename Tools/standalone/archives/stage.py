"""Stage: write the archives of a build and the files that describe them.

    tree, build directory, prefixes  →  archives, SBOMs, provenance, index
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from standalone import recipes
from standalone.archives import (
    compression,
    index,
    manifest,
    pybi,
    writer as archive,
)
from standalone.archives.mounts import Mount, members
from standalone.core import interpreter, stamp
from standalone.core.errors import ValidationError
from standalone.core.model import Pin, Recipe
from standalone.core.options import Variant
from standalone.core.platform import Platform
from standalone.core.process import output
from standalone.documents import (
    build_info,
    components,
    provenance,
    python_json as metadata,
    sbom,
)
from standalone.formats import bitcode, checksums, elf
from standalone.formats.names import BuildName
from standalone.formats.tree import UNIX, InstalledTree
from standalone.profile import fit, store
from standalone.relocate import build_details
from standalone.sources import host, pins
from standalone.toolchain import compilers, flags, jit
from standalone.toolchain.compilers import Toolchain

if TYPE_CHECKING:
    from standalone.request import Config

INDEX = "index.json"

Mounts = Sequence[Mount]


def run(config: Config, wanted: str) -> None:
    """Write everything to OUT, and its hashes to the stage's directory."""
    name = config.name
    with stamp.output_dir(config.layout.stage("archive"), wanted) as out:
        specs = _specs(config, name, out)
        others = _pybi(config, specs["install_only_stripped"], out)
        listed = [_listed(spec, kind, out) for kind, spec in specs.items()]
        contents = {
            **{file: spec.mounts for spec in listed for file in spec.files},
            **{file: mounts for file, (mounts, _) in others.items()}}
        made = archive.archive(
            listed, config.layout.out, config.epoch,
            lambda archives, sums: {
                INDEX: index.text(sums),
                **_statements(config, contents, name, archives)},
            {file: writer for file, (_, writer) in others.items()})
        # Skip index.json: it also lists other builds in OUT.
        (out / checksums.FILE).write_text(
            "".join(f"{entry.sha256}  {entry.path.name}\n"
                    for entry in made if entry.path.name != INDEX))


def _specs(config: Config, name: BuildName,
           out: Path) -> dict[str, archive.Spec]:
    """Return the tar archives; write generated members to *out*."""
    layout = config.layout
    tree = layout.stage("tree")
    make = metadata.make_facts(output(
        ["make", *metadata.MAKE_FACTS], cwd=layout.stage("build")))
    full = (*archive.full_mounts(
        tree / "install", layout.stage("build"), {
            **{layout.dep(name): archives
               for name, archives in config.archives.items()},
            # Linked into files that call newer functions of the C library.
            layout.toolchain / "sysroot/usr/local": ("libcompat.a",)},
        tree / "licenses", leave=build_info.not_linked(make)),
        _details(tree / "install", out))
    if "lto" in config.variant.options:
        full = (*full, _machine_code(full, out / "machine-code"))
    python_json = out / "PYTHON.json"
    python_json.write_text(metadata.text(_python_json(config, full, make)))
    return archive.specs(
        name, install=tree / "install", stripped=tree / "stripped",
        debug=tree / "debug", licences=tree / "licenses", full=full,
        python_json=python_json)


def _machine_code(full: Mounts, out: Path) -> Mount:
    """Write the objects and libraries without bitcode to *out*; mount it."""
    out.mkdir()
    for name, path in members(full).items():
        if path and name.endswith((".o", ".a")):
            bitcode.remove(path, out / name)
    return Mount(out)


def _details(tree: Path, out: Path) -> Mount:
    """Write the full archive's build-details.json to *out*; mount it."""
    installed = InstalledTree(tree)
    path = installed.library / "build-details.json"
    (out / path.name).write_text(build_details.with_archive(
        path, installed.relative(installed.static_library)))
    return Mount(out / path.name, f"install/{installed.relative(path)}")


def _listed(spec: archive.Spec, kind: str, out: Path) -> archive.Spec:
    """Return *spec* with a manifest of its files, written to *out*.

    The manifest of the full archive lists only its directory install/.
    """
    below = "install/" if kind == "full" else ""
    path = out / f"{kind}.sha256"
    path.write_text(manifest.text(members(spec.mounts), below),
                    "utf-8")
    return replace(spec, mounts=(*spec.mounts, Mount(
        path, below + manifest.PLACE.format(kind))))


def _pybi(config: Config, stripped: archive.Spec,
          out: Path) -> dict[str, tuple[Mounts, archive.Writer]]:
    """Return the mounts and the writer of the pybi, by its file name.

    It has the contents of install_only_stripped.  Return nothing for
    builds with lto or x86_64_v3 in *name*: a pybi's name cannot say that.
    """
    layout = config.layout
    if config.name.marks or config.platform.arch.variant:
        return {}
    facts = pybi.Description(
        config.version, config.build,
        config.platform.wheel_tag(layout.libc.read_text()),
        interpreter.native(InstalledTree(
            layout.stage("tree") / "install").interpreter).ask(pybi.PROBE))
    spec = _listed(replace(stripped, mounts=tuple(
        replace(mount, without=(*mount.without, *pybi.WITHOUT))
        for mount in stripped.mounts)), "pybi", out)
    return {facts.name: (spec.mounts, lambda path: pybi.write(
        path, members(spec.mounts), facts, config.epoch,
        compression.deflated))}


def _statements(config: Config, contents: Mapping[str, Mounts],
                name: BuildName, archives: Sequence[archive.Archive],
                ) -> dict[str, str]:
    """Return the SBOM of each archive, and the provenance of all."""
    found = components.load(config.layout.stage("tree") / components.FILE)
    documents: dict[str, object] = {
        f"{name}{provenance.SUFFIX}": statement(
            {item.path.name: item.sha256 for item in archives}, config)}
    for item in archives:
        inside = members(contents[item.path.name])
        documents[item.path.name + sbom.SUFFIX] = sbom.document(
            item.path.name,
            {"SHA1": stamp.file_digest(item.path, "sha1"),
             "SHA256": item.sha256},
            [part for part in found if part.is_in(inside)], config.epoch)
    return {path: json.dumps(document, indent=1, sort_keys=True) + "\n"
            for path, document in documents.items()}


def statement(subjects: Mapping[str, str],
              config: Config) -> dict[str, Any]:
    """Return the provenance of *subjects*, archive name → SHA-256."""
    chain, layout = config.chain, config.layout
    pinned = pins.load()
    sources = [
        components.described(pin, components.fetched(layout.fetched, pin))
        for name in config.recipes
        # The pin, and the archives of its patches.
        for pin in (pinned[name], *pinned[name].parts()[1:])]
    if config.is_pinned:
        sources.insert(0, components.cpython(config.version, pinned=True))
    return provenance.statement(
        subjects,
        asked={"cpython": config.version, "target": config.target,
               "toolchain": config.toolchain, "options": config.options},
        epoch=config.epoch,
        compiler=chain.version or output([*chain.compiler, "--version"]),
        trees=provenance.trees(None if config.is_pinned
                               else config.pristine),
        sources=sources,
        packages={layout.host: host.REQUIREMENTS} | jit.packages(
            layout, config.pristine, config.variant.options),
        profiles=_profiles(config.variant, layout.stage("build")))


def _profiles(variant: Variant, build: Path) -> list[dict[str, Any]]:
    """Return the entry of the stored profile, if the build used one."""
    profile = store.wanted(variant)
    if not profile:
        return []
    return [{"name": profile.path.name,
             "digest": {"sha256": profile.facts.sha256},
             "annotations": {"cpython": profile.facts.cpython,
                             **asdict(fit.load(build / fit.FILE))}}]


def _python_json(config: Config, full: Mounts,
                 make: Mapping[str, str]) -> dict[str, object]:
    layout = config.layout
    tree, build = layout.stage("tree") / "install", layout.stage("build")
    made = build / "Modules"
    setups = {path.name: path.read_text() for path in (
        made / "Setup.local", made / "Setup.stdlib", made / "Setup.bootstrap",
        layout.stage("source") / "Modules" / "Setup")}
    pinned = pins.load()
    facts = metadata.Build(
        triple=config.target, options=config.variant.options.build_options,
        crt_features=config.platform.libc.features(layout.libc.read_text()),
        licences=(pins.cpython_pin(pins.cpython_versions()[0]).licence,
                  *sorted({pinned[name].licence for name, recipe
                           in config.recipes.items() if recipe.gpl})),
        licence_path="licenses/cpython/LICENSE",
        data={pinned[name]: recipe.data.values()
              for name, recipe in config.recipes.items() if recipe.data},
        compiler=_compiler(config.chain, config.platform),
        linked=build_info.Link(
            make=make, config_c=(made / "config.c").read_text(),
            setups=setups,
            libraries=_libraries(config.recipes, config.archives),
            hooks=_hooks(tree)))
    python = interpreter.native(InstalledTree(tree).interpreter)
    document = metadata.python_json(python.ask(metadata.PROBE), facts,
                                    members(full))
    if differing := [*build_info.differing(document, tree.parent)]:
        raise ValidationError(
            "PYTHON.json does not match the system libraries needed by "
            f"{', '.join(differing)}")
    return document


def _hooks(tree: Path) -> dict[str, str]:
    """Map the shared modules to the functions that export them."""
    found = {}
    for path in sorted(tree.glob(f"{UNIX.dynload}/*.so")):
        module = path.name.partition(".")[0]
        facts = elf.read(path)
        if facts and (hook := facts.hook(module)):
            found[module] = hook
    return found


def _compiler(chain: Toolchain, platform: Platform) -> metadata.Compiler:
    """Return what relink compiles and links with.

    It is not optimised: relink has no profile of the added modules.
    """
    return metadata.Compiler(
        name=chain.name, target=platform.versioned,
        version=output([*chain.compiler, "--version"]).splitlines()[0],
        # With any toolchain, the C library comes from this package.
        package=host.requirement(compilers.PACKAGE),
        compile_flags=flags.CPYTHON,
        link_flags=("-pthread", *flags.LINK,
                    *flags.PROGRAM, *flags.PROBES))


def _libraries(wanted: Mapping[str, Recipe],
               linked: Mapping[str, Iterable[str]]) -> dict[str, list[Pin]]:
    """Map each library in the full archive to the pins it is made of.

    Includes CPython's bundled libraries, and for shared libraries what is
    linked into them.
    """
    pinned = pins.load()
    found = {f"build/lib/{file}": [pinned[name]]
             for name, archives in linked.items()
             for file in archives}
    shared = {f"install/lib/{file}": [
                  pinned[each] for each in (name, *recipe.needs)
                  if not pinned[each].tool]
              for name, recipe in wanted.items()
              for file in recipe.libraries}
    return found | shared | {
        str(PurePosixPath("build", recipe.bundled).with_name(file)):
            [pinned[name]]
        for name, recipe in recipes.load().items() if recipe.bundled
        for file in recipe.archives}
