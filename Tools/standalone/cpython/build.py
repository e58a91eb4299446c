"""Stage: configure CPython out of tree, build it and install it.

    source/, setup/Setup.local, deps/  →  build/ (kept), install/

``build/`` is kept between runs, so that a change to one file recompiles
only that file.  It is removed if any input of configure has changed, and
if the last run was killed: a killed compiler may leave an incomplete
object file that is newer than its source.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX, TOOLS, Layout
from standalone.core.model import Recipe
from standalone.core.options import Variant
from standalone.core.process import Runner, environment, output
from standalone.cpython import api, commands, modules
from standalone.formats.tree import InstalledTree
from standalone.profile import fit, store
from standalone.profile.store import Profile
from standalone.toolchain import jit, llvm, optimisation

if TYPE_CHECKING:
    from standalone.request import Config
    from standalone.toolchain.compilers import Toolchain


def exports(layout: Layout) -> str:
    """Return the version script; requires configure's pyconfig.h."""
    build, source = layout.stage("build"), layout.stage("source")
    compiler = layout.toolchain / "bin/cc"
    includes = (build, source / "Include")
    return api.version_script(
        api.declared_here(compiler, includes)
        | api.stable(source / "Misc/stable_abi.toml",
                     api.macros_here(compiler, includes)))


def run(config: Config, wanted: str) -> None:
    """Build and install CPython.

    The build starts from scratch if the arguments of configure or its
    other inputs have changed.  Raises BuildError if a command fails, or
    if a module in modules.toml was not built as listed there.
    """
    layout = config.layout
    build, source = layout.stage("build"), layout.stage("source")
    variant = config.variant
    profile = store.wanted(variant)
    expected = modules.expected(source, gpl=config.gpl)
    configured = _configured_key(config)
    if (build / ".busy").exists() or not stamp.is_fresh(build, configured):
        stamp.remove(build)
        build.mkdir(parents=True)
    runner = Runner(
        layout.logs / "cpython.log",
        # Programs that CPython's makefile runs use this Python.  Like
        # PATH, it is not part of the key: any version will do.
        environ(layout, config.recipes, config.epoch, variant)
        | {"STANDALONE_PYTHON": sys.executable})
    runner.start()
    (build / ".busy").touch()
    started_again = not stamp.is_fresh(build, configured)
    if started_again:
        if "jit" in variant.options:
            jit.install(layout, jit.wanted(config.pristine))
        (build / "Modules").mkdir()
        (build / "Modules/Setup.local").write_text(
            (layout.stage("setup") / "Setup.local").read_text())
        call = commands.configure(layout, config.platform, config.chain,
                                  config.configured, variant)
        runner.steps([call], "cpython")
        _check_configured(build / "Makefile", expected, runner.log)
        (build / "exports.map").write_text(exports(layout))
        if profile:
            _bring_profile(build, profile, config.chain)
        if "instrumented" in variant.options:
            shutil.copy(llvm.find(config.platform.arch).runtime,
                        build / optimisation.PROFILE_RUNTIME)
        (build / stamp.KEY).write_text(configured)
    else:
        _keep_configured(build, source)
    runner.steps(commands.make_commands(layout, config.platform, variant),
                 "cpython")
    if profile and started_again:
        _check_fit(build, profile, config.version, runner.log)
    with stamp.output_dir(layout.stage("install"), wanted) as root:
        runner.steps(commands.install_commands(build, source, variant, root),
                     "install")
    _check_built(build, layout.stage("install") / PREFIX.lstrip("/"),
                 expected, runner.log)
    (build / ".busy").unlink()


def _keep_configured(build: Path, source: Path) -> None:
    """Keep make from running configure again, without our environment.

    The key of *build* says that configure is the one that ran there.  Its
    file is newer nevertheless if the copy of the source was interrupted.
    """
    status = build / "config.status"
    if status.stat().st_mtime <= (source / "configure").stat().st_mtime:
        os.utime(status)


def _bring_profile(build: Path, profile: Profile,
                   chain: Toolchain) -> None:
    """Write the profile where the compiler reads it.

    Raises UsageError if it is not intact, or of another LLVM.
    """
    profile.check_compiler(output([*chain.compiler, "--version"]))
    (build / optimisation.PROFILE).write_bytes(profile.read())


def _check_fit(build: Path, profile: Profile, version: str,
               log: Path) -> None:
    """Print and record how well the profile fits CPython *version*.

    *log* is of a build from scratch.  Raises BuildError if it fits badly.
    """
    found = fit.of_log(log.read_text(encoding="utf-8", errors="replace"),
                       profile.facts.functions)
    fit.check(found, profile, version)
    fit.save(found, build / fit.FILE)
    print(f"  the profile of CPython {profile.facts.cpython} has counts for "
          f"{found.share:.1%} of the functions of {version}", flush=True)


def _configured_key(config: Config) -> str:
    """Return the key of configure's script, arguments and environment."""
    layout = config.layout
    source = layout.stage("source")
    return stamp.key(
        str(commands.configure(layout, config.platform, config.chain,
                               config.configured, config.variant)),
        [str(step) for step in commands.make_commands(
            layout, config.platform, config.variant)],
        stamp.file_sha256(TOOLS / "cpython" / "loader.c"),
        # make does not know that exports.map depends on these files.
        api.version_script(api.declared_in(source / "Include")),
        stamp.file_sha256(source / "Misc/stable_abi.toml"),
        stamp.file_sha256(Path(api.__file__)),
        environ(layout, config.recipes, config.epoch, config.variant,
                inherited={}),
        (layout.toolchain / stamp.KEY).read_text(),
        [(layout.dep(name) / stamp.KEY).read_text()
         for name in config.recipes],
        (layout.stage("setup") / "Setup.local").read_text(),
        store.key(config.variant),
        jit.key(layout, config.pristine, config.variant.options),
        [stamp.file_sha256(source / name) for name in (
            "configure", "pyconfig.h.in", "Makefile.pre.in",
            "Modules/Setup.stdlib.in", "Modules/Setup.bootstrap.in")])


def environ(layout: Layout, needed: Mapping[str, Recipe], epoch: int,
            variant: Variant, *,
            inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of configure and make.

    *needed* are the recipes of all dependencies, *epoch* is
    SOURCE_DATE_EPOCH.  *inherited* is used like in
    `core.process.environment`.
    """
    programs = [layout.toolchain / "bin"]
    if "jit" in variant.options:
        programs.append(jit.directory(layout))
    # make imports all modules in the build directory, where their rpath
    # does not lead to the shared libraries.
    libraries = [layout.dep(name) / "lib"
                 for name, recipe in needed.items() if recipe.libraries]
    return environment(
        programs,
        extra={"SOURCE_DATE_EPOCH": str(epoch),
               "PYTHONDONTWRITEBYTECODE": "1",
               "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))},
        inherited=inherited)


def _check_configured(makefile: Path, expected: Iterable[str],
                      log: Path) -> None:
    """Raise BuildError if configure cannot build an *expected* module."""
    states = dict(re.findall(r"^MODULE_(\w+)_STATE=(\S+)$",
                             makefile.read_text(), re.MULTILINE))
    missing = [
        f"{name} ({states[name.upper()]})" for name in expected
        if states.get(name.upper(), "yes") != "yes"
        and name not in _setup_modules()]
    if missing:
        raise BuildError(
            f"configure cannot build {', '.join(missing)}",
            hint="see config.log in the build directory", log=log)


def _setup_modules() -> set[str]:
    """Return the modules whose flags are in our Setup.local."""
    return {module for recipe in recipes.load().values()
            for module in recipe.setup}


def _check_built(build: Path, install: Path, expected: Mapping[str, str],
                 log: Path) -> None:
    """Raise BuildError unless all *expected* modules were built."""
    text = (build / "Modules/config.c").read_text()
    builtin = set(re.findall(r'^\s*{"(\w+)", PyInit_', text, re.MULTILINE))
    shared = {name.partition(".")[0]
              for name in os.listdir(InstalledTree(install).dynload)}
    places = {"builtin": builtin, "shared": shared}
    missing = [f"{name} ({place})" for name, place in expected.items()
               if name not in places[place]]
    if missing:
        raise BuildError(f"not built: {', '.join(missing)}", log=log)
