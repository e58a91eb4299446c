"""Make PYTHON.json, which describes the contents of the full archive.

Its readers link other interpreters from the archive alone.  The facts come
from the built interpreter, the makefile that linked it, and its table of
built-in modules.
The format is python-build-standalone's, version 8:
https://gregoryszorc.com/docs/python-build-standalone/main/distributions.html
"""

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from standalone.core.errors import BuildError, UsageError
from standalone.core.model import Pin
from standalone.documents import build_info
from standalone.documents.build_info import Link

#: Patterns for packages of the standard library that only contain tests.
TEST_PACKAGES = ("test", "idlelib.idle_test")

#: Patterns for extension modules that only those tests import.
TEST_EXTENSIONS = ("_test*", "_ctypes_test", "_xxtestfuzz", "xxlimited*",
                   "xxsubtype")

# The pins with the scripts of Tcl and Tk.
_TCL = ("tcl", "tcl9", "tk", "tk9")

#: The built interpreter runs this with ``-I -c``; it prints JSON.
#: It reads the configuration from the file, in which the prefix is
#: /install, and not with `sysconfig`, which may have relocated it.
PROBE = """\
import importlib.machinery as machinery
import importlib.util as util
import json, os, sys, sysconfig

def inside(path):
    return os.path.relpath(path, sys.base_prefix)

scope = {}
name = sysconfig._get_sysconfigdata_name()
with open(util.find_spec(name).origin, encoding="utf-8") as file:
    exec(file.read(), scope)
built = scope["build_time_vars"]
variables = {key: "/install" + value.removeprefix(sys.base_prefix)
             if isinstance(value, str) and value.startswith(sys.base_prefix)
             else value
             for key, value in sysconfig.get_config_vars().items()
             if key != "userbase"}      # of who runs this
variables.update(built)
this = sys.implementation
json.dump({
    "python_implementation_cache_tag": this.cache_tag,
    "python_implementation_hex_version": this.hexversion,
    "python_implementation_name": this.name,
    "python_implementation_version": [str(part) for part in this.version],
    "python_version": sysconfig.get_config_var("py_version"),
    "python_major_minor_version": sysconfig.get_python_version(),
    "python_tag": "cp{}{}".format(*this.version),
    "python_abi_tag": "cp{}{}".format(*this.version) + sys.abiflags,
    "python_platform_tag": sysconfig.get_platform(),
    "python_bytecode_magic_number": util.MAGIC_NUMBER.hex(),
    "python_exe": inside(os.path.realpath(sys.executable)),
    "python_paths": {key: inside(path)
                     for key, path in sysconfig.get_paths().items()},
    "python_paths_abstract": sysconfig.get_paths(expand=False),
    "python_config_vars": {key: str(value)
                           for key, value in variables.items()},
    "python_stdlib_platform_config": os.path.relpath(
        built["LIBPL"], built["prefix"]),
    "python_suffixes": {
        "source": machinery.SOURCE_SUFFIXES,
        "bytecode": machinery.BYTECODE_SUFFIXES,
        # One suffix for all since PEP 488.
        "debug_bytecode": machinery.BYTECODE_SUFFIXES,
        "optimized_bytecode": machinery.BYTECODE_SUFFIXES,
        "extension": machinery.EXTENSION_SUFFIXES,
    },
    "builtin_modules": sys.builtin_module_names,
}, sys.stdout)
"""

#: The supported versions of the format; only the number differs.
#: PyOxidizer 0.24 only accepts "7"; "8" is "7" with build_options.
VERSIONS = ("8", "7")

#: Arguments of make in CPython's build directory.
#: It prints ``NAME=value`` lines for `make_facts`.
MAKE_FACTS = (
    "--no-print-directory", "--old-file=Makefile", "--eval",
    ("standalone-facts: ; @$(foreach name,"
     "LIBRARY_OBJS LIBS SYSLIBS BLDSHARED PY_CORE_CFLAGS"
     " $(filter %_LDFLAGS %_LIBS %_A LIB%_OBJS,$(.VARIABLES)),"
     "$(info $(name)=$($(name)))):"),
    "standalone-facts")


@dataclass(frozen=True)
class Compiler:
    """The compiler, and the flags for code that is linked with ours."""

    name: str                    # zig, llvm, gcc
    version: str                 # first line of its --version
    target: str                  # zig's format: x86_64-linux-gnu.2.17
    package: str                 # the wheel: ziglang==0.17.1
    compile_flags: tuple[str, ...]       # in addition to sysconfig's
    link_flags: tuple[str, ...]


@dataclass(frozen=True)
class Build:
    """The facts that come from the build, not from the interpreter."""

    triple: str
    options: str                 # the format's: noopt, freethreaded+lto
    crt_features: Sequence[str]  # the format's
    licences: tuple[str, ...]    # CPython's, SPDX
    licence_path: str            # in the archive
    data: Mapping[Pin, Iterable[str]]       # data pins → paths in the tree
    compiler: Compiler
    linked: Link


def make_facts(output: str) -> dict[str, str]:
    """Return the variables that make printed for `MAKE_FACTS`."""
    return dict(line.split("=", 1) for line in output.splitlines()
                if "=" in line)


def python_json(probe: Mapping[str, Any], facts: Build,
                contents: Collection[str]) -> dict[str, Any]:
    """Return the complete document.

    *probe* is the output of PROBE; *contents* are the paths below
    ``python/`` in the full archive.  Raises BuildError if the document
    names a path that is not in *contents*, if *contents* has an object or
    library that the document does not name, or if the interpreter's
    built-in modules differ from those in config.c.
    """
    stdlib = f"install/{probe['python_paths']['stdlib']}"
    variables = probe["python_config_vars"]
    document = {
        **probe,
        "version": VERSIONS[0],
        "target_triple": facts.triple,
        "optimizations": facts.options,      # required by readers of 7
        "build_options": facts.options,
        "python_exe": f"install/{probe['python_exe']}",
        "python_paths": {
            name: str(PurePosixPath("install", path))
            for name, path in probe["python_paths"].items()},
        "python_stdlib_platform_config":
            f"install/{probe['python_stdlib_platform_config']}",
        "python_stdlib_test_packages": [
            name for name in TEST_PACKAGES
            if f"{stdlib}/{name.replace('.', '/')}" in contents],
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": ["builtin", "shared-library"],
        "libpython_link_mode":
            "shared" if variables.get("Py_ENABLE_SHARED") == "1"
            else "static",
        "crt_features": list(facts.crt_features),
        "run_tests": f"{stdlib}/test/regrtest.py",
        "licenses": list(facts.licences),
        "license_path": facts.licence_path,
        # Our extension: data that goes stale although the code does not.
        "bundled_data": [
            {"name": pin.name, "version": pin.version,
             "license": pin.licence,
             "paths": [f"install/{path}" for path in paths]}
            for pin, paths in facts.data.items()],
        "toolchain": _toolchain(facts.compiler, variables),
        "build_info": build_info.build_info(probe, facts.linked, contents),
        **_tcl(facts.data),
    }
    del document["builtin_modules"]
    missing = {*named_paths(document)}.difference(contents, ["install"])
    if missing:
        raise BuildError("PYTHON.json names files that are not in the full "
                         "archive: " + ", ".join(sorted(missing)))
    unnamed = build_info.unnamed(document, contents)
    if unnamed:
        raise BuildError("PYTHON.json does not name files of the full "
                         "archive: " + ", ".join(sorted(unnamed)))
    return document


def _toolchain(compiler: Compiler,
               variables: Mapping[str, str]) -> dict[str, Any]:
    """Return our extension: the compiler, and flags for built-in modules."""
    return asdict(compiler) | {
        "compile_flags": [*shlex.split(variables["CFLAGS"]),
                          *compiler.compile_flags],
        "link_flags": list(compiler.link_flags)}


def _tcl(data: Mapping[Pin, Iterable[str]]) -> dict[str, Any]:
    """Return the location of Tcl's and Tk's scripts.

    The format requires that they have the same parent directory.
    """
    places = [PurePosixPath("install", path) for pin, paths in data.items()
              if pin.name in _TCL for path in paths]
    if not places:
        return {}
    return {"tcl_library_path": str(places[0].parent),
            "tcl_library_paths": [path.name for path in places]}


def as_version(document: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return *document* in that *version* of the format.

    Raises UsageError if the version is not in VERSIONS.
    """
    if version not in VERSIONS:
        raise UsageError(f"unknown version {version!r} of PYTHON.json",
                         hint=f"known: {', '.join(VERSIONS)}")
    return {**document, "version": version}


def text(document: Mapping[str, Any]) -> str:
    """Return the text of PYTHON.json."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def named_paths(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield all paths in a PYTHON.json, relative to ``python/``."""
    yield from document["python_paths"].values()
    for key in ("python_exe", "python_stdlib_platform_config", "run_tests",
                "license_path"):
        yield document[key]
    # Our extension; archives of other projects do not have it.
    for entry in document.get("bundled_data", ()):
        yield from entry["paths"]
    if "tcl_library_path" in document:
        yield document["tcl_library_path"]
        for name in document["tcl_library_paths"]:
            yield f"{document['tcl_library_path']}/{name}"
    yield from build_info.named_paths(document["build_info"])
