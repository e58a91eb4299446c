"""The commands that configure, build and install CPython."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone import recipes
from standalone.core import interpreter
from standalone.core.layout import PREFIX, TOOLS, Layout
from standalone.core.model import Command, Commands, Recipe
from standalone.core.options import Variant
from standalone.core.platform import Platform
from standalone.toolchain import flags, jit, optimisation

if TYPE_CHECKING:
    from standalone.toolchain.compilers import Toolchain

#: Since 3.15, configure has an option for an interpreter that needs no
#: libpython, as ours never does.
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

#: The object with main(), and one that names the dynamic linker.
_MAIN = "Programs/python.o"
_LOADER = "Programs/loader.o"

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
         cflags: tuple[str, ...] = (),
         ldflags: tuple[str, ...] = ()) -> Command:
    """Return a make command for the directory *build* with our flags."""
    compiling = " ".join((*optimisation.compile_flags(variant.options),
                          *cflags))
    linking = " ".join((*optimisation.link_flags(variant.options), *ldflags))
    return Command(
        ("make", *arguments,
         f"CFLAGS_NODIST={compiling}", f"LDFLAGS_NODIST={linking}",
         f"LINKFORSHARED={' '.join(flags.PROGRAM)}"),
        build, jobserver=True)


def make_commands(layout: Layout, platform: Platform,
                  variant: Variant) -> Commands:
    """Yield the commands that run again after a source file changed.

    libpython is linked with what makes it a program, too: python is the
    same file.  So the interpreter starts without searching for a library,
    even after `venv --copies` or setcap, the code is in the archives once,
    and an extension module that is linked with libpython gets the
    interpreter, not a second copy.
    """
    build = layout.stage("build")
    final = optimisation.final_link(variant.options)
    # The programs that the build runs come first: make would link them with
    # the flags of the library that needs them.
    yield make(build, variant, "_bootstrap_python", "Programs/_freeze_module")
    exports = "-Wl,--version-script=exports.map"
    # LTO would inline Py_BytesMain(), by which profilers recognise a Python.
    yield make(build, variant, _MAIN, cflags=("-fno-lto",))
    yield Command(("cc", "-fPIC", f'-DLOADER="{platform.loader}"', "-c", "-o",
                   _LOADER, str(TOOLS / "cpython" / "loader.c")), build)
    library = f"libpython{variant.ldversion}.so"
    yield make(build, variant, library, ldflags=(
        exports, *flags.PROBES, *final, *flags.RUNNABLE,
        str(layout.toolchain / "sysroot/usr/lib/Scrt1.o"), _LOADER, _MAIN))
    # libpython3.so needs libpython3.13.so, in the same directory.
    yield make(build, variant, "libpython3.so",
               f"libpython{variant.ldversion}.a",
               ldflags=(exports, "-Wl,-rpath,\\$$ORIGIN"))
    # Newer than what it depends on, so that make does not link another one.
    yield Command(("cp", library, "python"), build)
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
