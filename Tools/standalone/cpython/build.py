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
from standalone.core import interpreter, stamp
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX, Layout
from standalone.core.model import Command, Commands, Recipe
from standalone.core.options import Variant
from standalone.core.platform import Platform
from standalone.core.process import Runner, environment, output
from standalone.cpython import api, modules
from standalone.formats.tree import InstalledTree
from standalone.profile import fit, store
from standalone.profile.store import Profile
from standalone.toolchain import flags, jit, llvm, optimisation

if TYPE_CHECKING:
    from standalone.request import Config
    from standalone.toolchain.compilers import Toolchain


#: CPython 3.15 has an option of configure for what `make` does before.
_STATIC = "--enable-static-libpython-for-interpreter"
_HAS_STATIC = (3, 15)

#: The interpreter has a function for each opcode, which ends with a call of
#: the next one, instead of one large function for all.
#: https://docs.python.org/3/using/configure.html#cmdoption-with-tail-call-interp
_TAIL_CALLS = "--with-tail-call-interp"
_HAS_TAIL_CALLS = (3, 14)
# A profile serves only the kind of interpreter that was trained.  Builds
# without a profile or a JIT would not be faster with tail calls.
_WITH_TAIL_CALLS = ("pgo", "instrumented", "jit")

#: A JIT that is on unless the user sets PYTHON_JIT=0.
_JIT = "--enable-experimental-jit=yes"

#: Older versions look for the headers of ncurses without CURSES_CFLAGS.
_FINDS_CURSES = (3, 13)
_CURSES = dict.fromkeys((
    "ac_cv_header_curses_h", "ac_cv_header_ncurses_h", "ac_cv_header_panel_h",
), "yes")


def configure(layout: Layout, platform: Platform, chain: Toolchain,
              configured: Mapping[str, Recipe], variant: Variant) -> Command:
    """Return the command that runs CPython's configure.

    *configured* are the recipes whose results are passed to it.
    """
    tail_calls = (variant.version >= _HAS_TAIL_CALLS
                  and any(word in variant.options
                          for word in _WITH_TAIL_CALLS)
                  and platform.arch.tail_calls and chain.tail_calls)
    arguments = [
        # A relative path: it is compiled into getpath.c as VPATH.
        "../source/configure",
        f"--prefix={PREFIX}",
        f"--build={platform.autoconf}",
        f"--host={platform.autoconf}",
        "--enable-shared", "--without-ensurepip",
        "--with-dbmliborder=bdb",
        *((_STATIC,) if variant.version >= _HAS_STATIC else ()),
        *((_TAIL_CALLS,) if tail_calls else ()),
        *(("--with-pydebug",) if "debug" in variant.options else ()),
        *(("--disable-gil",) if "freethreaded" in variant.options else ()),
        *((_JIT,) if "jit" in variant.options else ())]
    variables = {"MODULE_BUILDTYPE": "static",
                 "CC": "cc", "CXX": "c++", "AR": "ar",
                 **({"CFLAGS_JIT": jit.flags(platform)}
                    if "jit" in variant.options else {}),
                 **platform.system.configured,
                 **({} if variant.version >= _FINDS_CURSES else _CURSES)}
    for name, recipe in configured.items():
        arguments += [recipes.expand_prefixes(argument, name, layout)
                      for argument in recipe.arguments]
        variables |= {
            variable: recipes.expand_prefixes(value, name, layout)
            for variable, value in recipe.configure.items()}
    return Command(tuple(arguments), layout.stage("build"), variables)


def make(build: Path, variant: Variant, *arguments: str,
         ldflags: tuple[str, ...] = ()) -> Command:
    """Return a make command for the directory *build* with our flags.

    --enable-shared also builds a shared library, but the interpreter is
    linked from objects instead.  So it is a single file that starts
    without searching for a library, even after `venv --copies` or setcap.
    """
    compiling = " ".join(optimisation.compile_flags(variant.options))
    linking = " ".join((*optimisation.link_flags(variant.options), *ldflags))
    static = () if variant.version >= _HAS_STATIC else (
        "LINK_PYTHON_OBJS=$(LIBRARY_OBJS)",
        "LINK_PYTHON_DEPS=$(LIBRARY_DEPS) $(LIBRARY_OBJS)")
    return Command(
        ("make", *arguments,
         f"CFLAGS_NODIST={compiling}", f"LDFLAGS_NODIST={linking}", *static,
         f"LINKFORSHARED={' '.join(flags.PROGRAM)}"),
        build, jobserver=True)


def make_commands(build: Path, variant: Variant) -> Commands:
    """Yield the commands that run again after a source file changed."""
    final = optimisation.final_link(variant.options)
    if final:
        # Programs that only the build runs are not worth minutes.
        yield make(build, variant, "_bootstrap_python",
                   "Programs/_freeze_module")
    core = ("-Wl,--version-script=exports.map", *flags.PROBES, *final)
    # libpython3.so needs libpython3.13.so, in the same directory.
    yield make(build, variant, "libpython3.so",
               ldflags=(*core, "-Wl,-rpath,\\$$ORIGIN"))
    yield make(build, variant, "python", ldflags=core)
    # Without the version script: test modules export other names.
    yield make(build, variant, "all")


def install_commands(build: Path, source: Path, variant: Variant,
                     root: Path) -> Commands:
    """Yield commands to install below *root*, with pip from *source*."""
    yield make(build, variant, "install", f"DESTDIR={root}", "TESTSUBDIRS=",
               # The relocate stage compiles bytecode with this interpreter.
               "COMPILEALL_OPTS=--help")
    bundled = source / "Lib/ensurepip/_bundled"
    wheel = next(bundled.glob("pip-*.whl"))
    yield interpreter.native(build / "python").command(
        "-B", f"{wheel}/pip",
        "install", "--no-index", "--no-compile", "--ignore-installed",
        "--no-warn-script-location", "--no-cache-dir", f"--root={root}",
        f"--prefix={PREFIX}", f"--find-links={bundled}", "pip", cwd=build,
        # Ignore the machine's configuration of pip.
        env={"PIP_CONFIG_FILE": os.devnull})


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
        call = configure(layout, config.platform, config.chain,
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
    runner.steps(make_commands(build, variant), "cpython")
    if profile and started_again:
        _check_fit(build, profile, config.version, runner.log)
    with stamp.output_dir(layout.stage("install"), wanted) as root:
        runner.steps(install_commands(build, source, variant, root),
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
        str(configure(layout, config.platform, config.chain,
                      config.configured, config.variant)),
        [str(step) for step in make_commands(layout.stage("build"),
                                             config.variant)],
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
