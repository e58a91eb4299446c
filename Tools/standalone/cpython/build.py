"""Stage: CPython, configured out of tree, built and installed.

    source/, setup/Setup.local, deps/  →  build/ (kept), install/

``build/`` stays between runs so that touching one file costs one file's
time.  It is thrown away when anything that configure was told changes,
and when the last run in it was killed: a compiler that died leaves half
an object file that is newer than its source.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX, Layout
from standalone.core.model import Command, Commands, Recipe
from standalone.core.platform import Platform
from standalone.core.process import Runner, environment
from standalone.cpython import api, modules
from standalone.toolchain import flags

if TYPE_CHECKING:
    from standalone.request import Config


def configure(layout: Layout, platform: Platform,
              configured: Mapping[str, Recipe], flavour: str) -> Command:
    """Return the call of CPython's configure for the recipes *configured*."""
    arguments = [
        # A relative path, which is compiled into getpath.c as VPATH.
        "../source/configure",
        f"--prefix={PREFIX}",
        f"--build={platform.autoconf}",
        f"--host={platform.autoconf}",
        "--enable-shared", "--without-ensurepip",
        "--with-dbmliborder=bdb",
        *(("--with-pydebug",) if flavour == "debug" else ())]
    variables = {"MODULE_BUILDTYPE": "static",
                 "CC": "cc", "CXX": "c++", "AR": "ar",
                 **platform.system.configured}
    for name, recipe in configured.items():
        arguments += [recipes.expand_prefixes(argument, name, layout)
                      for argument in recipe.arguments]
        variables |= {
            variable: recipes.expand_prefixes(value, name, layout)
            for variable, value in recipe.configure.items()}
    return Command(tuple(arguments), layout.stage("build"), variables)


def make(build: Path, flavour: str, *arguments: str,
         ldflags: tuple[str, ...] = ()) -> Command:
    """Return a make in the directory *build* with our own flags.

    The interpreter is linked from the objects, not against the shared
    library that --enable-shared builds as well: one file that starts
    without a search for another, also after `venv --copies` or setcap.
    """
    compiling = " ".join(flags.compile_flags(flavour))
    linking = " ".join((*flags.link_flags(flavour), *ldflags))
    return Command(
        ("make", *arguments,
         f"CFLAGS_NODIST={compiling}", f"LDFLAGS_NODIST={linking}",
         "LINK_PYTHON_OBJS=$(LIBRARY_OBJS)",
         "LINK_PYTHON_DEPS=$(LIBRARY_DEPS) $(LIBRARY_OBJS)",
         f"LINKFORSHARED={' '.join(flags.PROGRAM)}"),
        build, jobserver=True)


def make_commands(build: Path, flavour: str) -> Commands:
    """Yield what is repeated when a source file changed."""
    core = ("-Wl,--version-script=exports.map", *flags.PROBES)
    # libpython3.so needs libpython3.13.so, which lies beside it.
    yield make(build, flavour, "libpython3.so",
               ldflags=(*core, "-Wl,-rpath,\\$$ORIGIN"))
    yield make(build, flavour, "python", ldflags=core)
    # Shared modules of the test suite export what they please.
    yield make(build, flavour, "all")


def install_commands(build: Path, source: Path, flavour: str,
                     root: Path) -> Commands:
    """Install below *root*; pip comes from the wheel in *source*."""
    yield make(build, flavour, "install", f"DESTDIR={root}", "TESTSUBDIRS=",
               # Byte-compiled later, by the tree's own interpreter.
               "COMPILEALL_OPTS=--help")
    bundled = source / "Lib/ensurepip/_bundled"
    wheel = next(bundled.glob("pip-*.whl"))
    yield Command(
        (str(build / "python"), "-B", f"{wheel}/pip",
         "install", "--no-index", "--no-compile", "--ignore-installed",
         "--no-warn-script-location", "--no-cache-dir", f"--root={root}",
         f"--prefix={PREFIX}", f"--find-links={bundled}", "pip"),
        build,
        # Nothing of this machine's configuration of pip.
        {"PIP_CONFIG_FILE": os.devnull})


def exports(layout: Layout) -> str:
    """Return the version script, once configure has made pyconfig.h."""
    build, source = layout.stage("build"), layout.stage("source")
    compiler = layout.toolchain / "bin/cc"
    includes = (build, source / "Include")
    return api.version_script(
        api.declared_here(compiler, includes)
        | api.stable(source / "Misc/stable_abi.toml",
                     api.macros_here(compiler, includes)))


def run(config: Config, wanted: str) -> None:
    """Build and install; begin anew if configure would be told, or
    would do, anything else than last time."""
    layout = config.layout
    build, source = layout.stage("build"), layout.stage("source")
    flavour = config.flavour
    expected = modules.expected(source, gpl=config.gpl)
    configured = _configured_key(config)
    if (build / ".busy").exists() or not stamp.is_fresh(build, configured):
        stamp.remove(build)
        build.mkdir(parents=True)
    runner = Runner(
        layout.logs / "cpython.log",
        # For dtrace, which CPython's makefile calls.  Not part of the key,
        # as PATH is not: whichever Python runs us will do.
        environ(layout, config.recipes, config.epoch)
        | {"STANDALONE_PYTHON": sys.executable})
    runner.start()
    (build / ".busy").touch()
    if not stamp.is_fresh(build, configured):
        (build / "Modules").mkdir()
        (build / "Modules/Setup.local").write_text(
            (layout.stage("setup") / "Setup.local").read_text())
        call = configure(layout, config.platform, config.configured, flavour)
        runner.steps([call], "cpython")
        _check_configured(build / "Makefile", expected, runner.log)
        (build / "exports.map").write_text(exports(layout))
        (build / stamp.KEY).write_text(configured)
    runner.steps(make_commands(build, flavour), "cpython")
    with stamp.output_dir(layout.stage("install"), wanted) as root:
        runner.steps(install_commands(build, source, flavour, root),
                     "install")
    _check_built(build, layout.stage("install") / PREFIX.lstrip("/"),
                 expected, runner.log)
    (build / ".busy").unlink()


def _configured_key(config: Config) -> str:
    """Return what changes with all that configure is made of, is told and
    finds."""
    layout = config.layout
    source = layout.stage("source")
    return stamp.key(
        str(configure(layout, config.platform, config.configured,
                      config.flavour)),
        [str(step) for step in make_commands(layout.stage("build"),
                                             config.flavour)],
        # make does not know that exports.map is made of these.
        api.version_script(api.declared_in(source / "Include")),
        stamp.file_sha256(source / "Misc/stable_abi.toml"),
        stamp.file_sha256(Path(api.__file__)),
        environ(layout, config.recipes, config.epoch, inherited={}),
        (layout.toolchain / stamp.KEY).read_text(),
        [(layout.dep(name) / stamp.KEY).read_text()
         for name in config.recipes],
        (layout.stage("setup") / "Setup.local").read_text(),
        [stamp.file_sha256(source / name) for name in (
            "configure", "pyconfig.h.in", "Makefile.pre.in",
            "Modules/Setup.stdlib.in", "Modules/Setup.bootstrap.in")])


def environ(layout: Layout, needed: Mapping[str, Recipe], epoch: int, *,
            inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of configure and make."""
    # make tries all modules in its build directory, which is not where
    # they find what they are linked with.
    libraries = [layout.dep(name) / "lib"
                 for name, recipe in needed.items() if recipe.libraries]
    return environment(
        [layout.toolchain / "bin"],
        extra={"SOURCE_DATE_EPOCH": str(epoch),
               "PYTHONDONTWRITEBYTECODE": "1",
               "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))},
        inherited=inherited)


def _check_configured(makefile: Path, expected: Iterable[str],
                      log: Path) -> None:
    """Did configure find all that each *expected* module needs?"""
    states = dict(re.findall(r"^MODULE_(\w+)_STATE=(\S+)$",
                             makefile.read_text(), re.MULTILINE))
    missing = [
        f"{name} ({states[name.upper()]})" for name in expected
        if states.get(name.upper(), "yes") != "yes"
        and name not in _setup_modules()]
    if missing:
        raise BuildError(
            f"configure cannot build {', '.join(missing)}",
            hint="config.log in the build directory says why", log=log)


def _setup_modules() -> set[str]:
    """Modules whose flags we state in Setup.local."""
    return {module for recipe in recipes.load().values()
            for module in recipe.setup}


def _check_built(build: Path, install: Path, expected: Mapping[str, str],
                 log: Path) -> None:
    """Is every *expected* module where it was expected?"""
    text = (build / "Modules/config.c").read_text()
    builtin = set(re.findall(r'^\s*{"(\w+)", PyInit_', text, re.MULTILINE))
    dynload = next((install / "lib").glob("python3*/lib-dynload"))
    shared = {name.partition(".")[0] for name in os.listdir(dynload)}
    places = {"builtin": builtin, "shared": shared}
    missing = [f"{name} ({place})" for name, place in expected.items()
               if name not in places[place]]
    if missing:
        raise BuildError(f"not built: {', '.join(missing)}", log=log)
