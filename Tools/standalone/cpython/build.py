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
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import interpreter, stamp
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX
from standalone.core.model import Command, Commands
from standalone.core.process import Runner, environment
from standalone.cpython import api, modules
from standalone.formats.tree import InstalledTree
from standalone.toolchain import flags

if TYPE_CHECKING:
    from standalone.request import Config

# What configure would find by running programs and looking at files of the
# machine that happens to build.  In a container without /dev/shm it would
# decide that there are no semaphores, for every machine of the target.
# https://www.gnu.org/software/autoconf/manual/autoconf.html#Cache-Variable-Names
_LINUX = {
    "ac_cv_broken_mbstowcs": "no",
    "ac_cv_broken_nice": "no",
    "ac_cv_broken_poll": "no",
    "ac_cv_broken_sem_getvalue": "no",
    "ac_cv_buggy_getaddrinfo": "no",
    "ac_cv_file__dev_ptc": "no",
    "ac_cv_file__dev_ptmx": "yes",
    "ac_cv_posix_semaphores_enabled": "yes",
    "ac_cv_pthread_system_supported": "yes",
    "ac_cv_working_tzset": "yes",
}


def configure(config: Config) -> Command:
    """The call of CPython's configure."""
    layout = config.layout
    arguments = [
        # A relative path, which is compiled into getpath.c as VPATH.
        "../source/configure",
        f"--prefix={PREFIX}",
        f"--build={config.machine.gnu}", f"--host={config.machine.gnu}",
        "--enable-shared", "--without-ensurepip",
        "--with-dbmliborder=bdb",
        *(("--with-pydebug",) if config.flavour == "debug" else ())]
    variables = {"MODULE_BUILDTYPE": "static",
                 "CC": "cc", "CXX": "c++", "AR": "ar", **_LINUX}
    for name, recipe in recipes.told(config.minor, config.pristine,
                                     gpl=config.gpl).items():
        arguments += [recipes.filled(argument, name, layout)
                      for argument in recipe.arguments]
        variables |= {
            variable: recipes.filled(value, name, layout)
            for variable, value in recipe.configure.items()}
    return Command(tuple(arguments), layout.stage("build"), variables)


def make(config: Config, *arguments: str,
         ldflags: tuple[str, ...] = ()) -> Command:
    """A make in the build directory with the flags that are only ours.

    The interpreter is linked from the objects, not against the shared
    library that --enable-shared builds as well: one file that starts
    without a search for another, also after `venv --copies` or setcap.
    """
    compiling = " ".join(flags.compile_flags(config.flavour))
    linking = " ".join((*flags.link_flags(config.flavour), *ldflags))
    return Command(
        ("make", *arguments,
         f"CFLAGS_NODIST={compiling}", f"LDFLAGS_NODIST={linking}",
         "LINK_PYTHON_OBJS=$(LIBRARY_OBJS)",
         "LINK_PYTHON_DEPS=$(LIBRARY_DEPS) $(LIBRARY_OBJS)",
         f"LINKFORSHARED={' '.join(flags.PROGRAM)}"),
        config.layout.stage("build"), jobserver=True)


def make_commands(config: Config) -> Commands:
    """What is repeated when a source file changed."""
    core = ("-Wl,--version-script=exports.map", *flags.PROBES)
    # libpython3.so needs libpython3.13.so, which lies beside it.
    yield make(config, "libpython3.so",
               ldflags=(*core, "-Wl,-rpath,\\$$ORIGIN"))
    yield make(config, "python", ldflags=core)
    # Shared modules of the test suite export what they please.
    yield make(config, "all")


def install_commands(config: Config, root: Path) -> Commands:
    """Install below *root*; pip comes from the wheel in the tree."""
    yield make(config, "install", f"DESTDIR={root}", "TESTSUBDIRS=",
               # Byte-compiled later, by the tree's own interpreter.
               "COMPILEALL_OPTS=--help")
    bundled = config.layout.stage("source") / "Lib/ensurepip/_bundled"
    wheel = next(bundled.glob("pip-*.whl"))
    build = config.layout.stage("build")
    yield interpreter.native(build / "python").command(
        "-B", f"{wheel}/pip",
        "install", "--no-index", "--no-compile", "--ignore-installed",
        "--no-warn-script-location", "--no-cache-dir", f"--root={root}",
        f"--prefix={PREFIX}", f"--find-links={bundled}", "pip", cwd=build,
        # Nothing of this machine's configuration of pip.
        env={"PIP_CONFIG_FILE": os.devnull})


def exports(config: Config) -> str:
    """The version script, once configure has made pyconfig.h."""
    build, source = (config.layout.stage(name) for name in
                     ("build", "source"))
    compiler = config.layout.toolchain / "bin/cc"
    includes = (build, source / "Include")
    return api.version_script(
        api.declared_here(compiler, includes)
        | api.stable(source / "Misc/stable_abi.toml",
                     api.macros_here(compiler, includes)))


def run(config: Config, wanted: str) -> None:
    """Build and install; begin anew if configure would be told, or
    would do, anything else than last time."""
    layout = config.layout
    build = layout.stage("build")
    configured = _configured_key(config)
    if (build / ".busy").exists() or not stamp.is_fresh(build, configured):
        stamp.remove(build)
        build.mkdir(parents=True)
    runner = Runner(
        layout.logs / "cpython.log",
        # For dtrace, which CPython's makefile calls.  Not part of the key,
        # as PATH is not: whichever Python runs us will do.
        environ(config) | {"STANDALONE_PYTHON": sys.executable})
    runner.start()
    (build / ".busy").touch()
    if not stamp.is_fresh(build, configured):
        (build / "Modules").mkdir()
        (build / "Modules/Setup.local").write_text(
            (layout.stage("setup") / "Setup.local").read_text())
        runner.steps([configure(config)], "cpython")
        _check_configured(config)
        (build / "exports.map").write_text(exports(config))
        (build / stamp.KEY).write_text(configured)
    runner.steps(make_commands(config), "cpython")
    with stamp.output_dir(layout.stage("install"), wanted) as root:
        runner.steps(install_commands(config, root), "install")
    _check_built(config)
    (build / ".busy").unlink()


def _configured_key(config: Config) -> str:
    """Changes with all that configure is made of, told and finds."""
    layout = config.layout
    source = layout.stage("source")
    return stamp.key(
        str(configure(config)), [str(step) for step in make_commands(config)],
        # make does not know that exports.map is made of these.
        api.version_script(api.declared_in(source / "Include")),
        stamp.file_sha256(source / "Misc/stable_abi.toml"),
        stamp.file_sha256(Path(api.__file__)),
        environ(config, inherited={}),
        (layout.toolchain / stamp.KEY).read_text(),
        [(layout.dep(name) / stamp.KEY).read_text()
         for name in config.recipes],
        (layout.stage("setup") / "Setup.local").read_text(),
        [stamp.file_sha256(source / name) for name in (
            "configure", "pyconfig.h.in", "Makefile.pre.in",
            "Modules/Setup.stdlib.in", "Modules/Setup.bootstrap.in")])


def environ(config: Config, *,
            inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of configure and make."""
    # make tries all modules in its build directory, which is not where
    # they find what they are linked with.
    libraries = [config.layout.dep(name) / "lib" for name, recipe
                 in config.recipes.items() if recipe.libraries]
    return environment(
        [config.layout.toolchain / "bin"],
        extra={"SOURCE_DATE_EPOCH": str(config.epoch),
               "PYTHONDONTWRITEBYTECODE": "1",
               "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))},
        inherited=inherited)


def _check_configured(config: Config) -> None:
    """Did configure find all that each expected module needs?"""
    layout = config.layout
    makefile = (layout.stage("build") / "Makefile").read_text()
    states = dict(re.findall(r"^MODULE_(\w+)_STATE=(\S+)$", makefile,
                             re.MULTILINE))
    missing = [
        f"{name} ({states[name.upper()]})"
        for name in modules.expected(layout.stage("source"), gpl=config.gpl)
        if states.get(name.upper(), "yes") != "yes"
        and name not in _setup_modules()]
    if missing:
        raise BuildError(
            f"configure cannot build {', '.join(missing)}",
            hint="config.log in the build directory says why",
            log=layout.logs / "cpython.log")


def _setup_modules() -> set[str]:
    """Modules whose flags we state in Setup.local."""
    return {module for recipe in recipes.load().values()
            for module in recipe.setup}


def _check_built(config: Config) -> None:
    """Is every expected module where it was expected?"""
    install = config.layout.stage("install") / PREFIX.lstrip("/")
    text = (config.layout.stage("build") / "Modules/config.c").read_text()
    builtin = set(re.findall(r'^\s*{"(\w+)", PyInit_', text, re.MULTILINE))
    shared = {name.partition(".")[0]
              for name in os.listdir(InstalledTree(install).dynload)}
    places = {"builtin": builtin, "shared": shared}
    missing = [
        f"{name} ({place})" for name, place
        in modules.expected(config.layout.stage("source"),
                            gpl=config.gpl).items()
        if name not in places[place]]
    if missing:
        raise BuildError(f"not built: {', '.join(missing)}",
                         log=config.layout.logs / "cpython.log")
