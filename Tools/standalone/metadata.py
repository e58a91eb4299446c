"""PYTHON.json, the full archive's description of itself.

For someone who has only the archive and wants to link another
interpreter from it.  Every fact is asked of what knows it: the built
interpreter, the makefile that linked it, its table of built-in modules.
The format is python-build-standalone's, version 8:
https://gregoryszorc.com/docs/python-build-standalone/main/distributions.html
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from standalone.errors import BuildError
from standalone.model import Pin

#: Packages of the standard library that are only tests, as patterns.
TEST_PACKAGES = ("test", "idlelib.idle_test")

#: Extension modules that only those tests import, as patterns.
TEST_EXTENSIONS = ("_test*", "_ctypes_test", "_xxtestfuzz", "xxlimited*",
                   "xxsubtype")

#: To be run by the built interpreter: ``-I -c PROBE``.  Prints JSON.
#: The configuration is read from the file itself, in which /install is
#: the prefix, not from `sysconfig`, which may have relocated it.
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

# The sysroot's own functions, which whatever calls them has inside.
_COMPAT = "build/lib/libcompat.a"

#: To be run in CPython's build directory: ``make *MAKE_FACTS``.
#: Prints ``NAME=value`` lines for `make_facts`.
MAKE_FACTS = (
    "--no-print-directory", "--old-file=Makefile", "--eval",
    ("standalone-facts: ; @$(foreach name,"
     "LIBRARY_OBJS LIBS SYSLIBS PY_CORE_CFLAGS"
     " $(filter %_LDFLAGS %_LIBS %_A,$(.VARIABLES)),"
     "$(info $(name)=$($(name)))):"),
    "standalone-facts")


@dataclass(frozen=True)
class Facts:
    """What only the build knows."""

    triple: str
    options: str                 # words of the format: noopt, debug, lto
    glibc: str                   # highest symbol version: 2.17
    object_format: str           # elf, llvm-bitcode:22.1.8
    licences: tuple[str, ...]    # of the whole, SPDX
    licence_path: str            # in the archive
    data: Mapping[Pin, Iterable[str]]       # of no code → where in the tree
    archives: Mapping[str, Pin]  # libz.a → what it was built from
    make: Mapping[str, str]
    config_c: str                # text of Modules/config.c
    setups: Mapping[str, str]    # text of Setup.local, Setup.stdlib, ...


@dataclass(frozen=True)
class Extension:
    """A module as a line of a Setup file has it."""

    objs: tuple[str, ...]
    links: tuple[dict[str, Any], ...]
    shared: bool
    required: bool


def make_facts(output: str) -> dict[str, str]:
    """The variables that make printed for `MAKE_FACTS`."""
    return dict(line.split("=", 1) for line in output.splitlines()
                if "=" in line)


def python_json(probe: Mapping[str, Any], facts: Facts,
                contents: Collection[str]) -> dict[str, Any]:
    """The whole document.

    *probe* is what PROBE printed, *contents* are the paths below
    ``python/`` in the full archive.  Raises BuildError if a path is
    named that is not among them, or if the interpreter has other
    built-in modules than its sources say.
    """
    probe = dict(probe)
    init_functions = inittab(facts.config_c)
    difference = {*probe.pop("builtin_modules")} ^ {*init_functions}
    if difference:
        raise BuildError("Modules/config.c is not the interpreter's: "
                         + ", ".join(sorted(difference)))
    stdlib = f"install/{probe['python_paths']['stdlib']}"
    shared = probe["python_config_vars"].get("Py_ENABLE_SHARED") == "1"
    document = probe | {
        "version": "8",
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
        "libpython_link_mode": "shared" if shared else "static",
        "crt_features": ["glibc-dynamic",
                         f"glibc-max-symbol-version:{facts.glibc}"],
        "run_tests": f"{stdlib}/test/regrtest.py",
        "licenses": list(facts.licences),
        "license_path": facts.licence_path,
        # Not of the format: what ages though no code of it does.
        "bundled_data": [
            {"name": pin.name, "version": pin.version,
             "license": pin.licence,
             "paths": [f"install/{path}" for path in paths]}
            for pin, paths in facts.data.items()],
        "build_info": _build_info(probe, facts, init_functions, contents),
    }
    missing = {*named_paths(document)}.difference(contents, ["install"])
    if missing:
        raise BuildError("PYTHON.json names what the full archive lacks: "
                         + ", ".join(sorted(missing)))
    return document


def named_paths(document: Mapping[str, Any]) -> Iterator[str]:
    """All paths that a PYTHON.json names, relative to ``python/``."""
    yield from document["python_paths"].values()
    for key in ("python_exe", "python_stdlib_platform_config", "run_tests",
                "license_path"):
        yield document[key]
    for entry in document["bundled_data"]:
        yield from entry["paths"]
    info = document["build_info"]
    yield info["inittab_object"]
    yield info["inittab_source"]
    variants = [variant for group in info["extensions"].values()
                for variant in group]
    for part in (info["core"], *variants):
        yield from part["objs"]
        yield from part.get("license_paths", ())
        for key in ("static_lib", "shared_lib"):
            if key in part:
                yield part[key]
        for link in part["links"]:
            if "path_static" in link:
                yield link["path_static"]


def inittab(config_c: str) -> dict[str, str]:
    """Built-in module → init function or NULL, from config.c's table."""
    return dict(re.findall(r'(?m)^\s*\{"(\w+)", (\w+)\},', config_c))


def extensions(setups: Mapping[str, str],
               make: Mapping[str, str]) -> dict[str, Extension]:
    """What the Setup files say, in the order in which makesetup reads.

    The first line about a module wins.  The format is described in
    https://github.com/python/cpython/blob/main/Modules/Setup
    """
    found: dict[str, Extension | None] = {}
    for file, text in setups.items():
        state = "*static*"
        for line in text.replace("\\\n", " ").splitlines():
            words = line.partition("#")[0].split()
            if not words or "=" in line:     # makesetup: a variable
                continue
            if words[0].startswith("*"):
                state = words[0]
            elif words[0] not in found:
                found[words[0]] = None if state == "*disabled*" else (
                    _extension(words, make, state == "*shared*",
                               file == "Setup.bootstrap"))
    return {name: extension for name, extension in sorted(found.items())
            if extension}


def _extension(words: list[str], make: Mapping[str, str], shared: bool,
               required: bool) -> Extension:
    name, *rest = words
    sources = [word for word in rest
               if re.search(r"\.(c|C|cc|cpp|cxx|m)$", word)]
    flags = [word for word in rest if word not in sources]
    # With no flag of its own, a module gets what configure found.
    flags = flags or [f"$(MODULE_{name.upper()}_LDFLAGS)"]
    return Extension(
        tuple(f"build/Modules/{PurePosixPath(source).with_suffix('.o')}"
              for source in sources),
        tuple(_links(" ".join(flags), make)), shared, required)


def _links(flags: str, make: Mapping[str, str]) -> list[dict[str, Any]]:
    """Linker flags as PYTHON.json has them: ours by path, others not."""
    flags = re.sub(r"\$\((\w+)\)", lambda m: make.get(m[1], ""), flags)
    links: dict[str, dict[str, Any]] = {}
    for word in shlex.split(flags):
        path = PurePosixPath(word)
        if word.startswith("-l"):
            links[word] = {"name": word[2:], "system": True}
        elif path.suffix == ".a":
            # A dependency's prefix or a library of CPython's own.
            inside = f"lib/{path.name}" if path.is_absolute() else word
            links[word] = {"name": path.stem.removeprefix("lib"),
                           "path_static": f"build/{inside}"}
    return list(links.values())


def _licences(links: Iterable[Mapping[str, Any]],
              archives: Mapping[str, Pin]) -> dict[str, list[str]]:
    """What is asked of who links *links*, beside CPython's licence."""
    names = [PurePosixPath(link.get("path_static", "")).name
             for link in links]
    pins = [archives[name] for name in names if name in archives]
    if not pins:
        return {}
    return {
        "licenses": sorted({licence for pin in pins
                            for licence in pin.licence.split(" AND ")}),
        "license_paths": [f"licenses/{pin.name}/{text.replace('/', '-')}"
                          for pin in pins for text in pin.licence_files]}


def _build_info(probe: Mapping[str, Any], facts: Facts,
                init_functions: Mapping[str, str],
                contents: Collection[str]) -> dict[str, Any]:
    make, variables = facts.make, probe["python_config_vars"]
    found = extensions(facts.setups, make)
    suffix = probe["python_suffixes"]["extension"][0]
    dynload = f"install/{probe['python_paths']['platstdlib']}/lib-dynload"
    entries = {}
    for name in sorted({*init_functions, *found}):
        extension = found.get(name)
        entry = {
            "in_core": extension is None,
            "init_fn": init_functions.get(name, f"PyInit_{name}"),
            "links": list(extension.links) if extension else [],
            "objs": list(extension.objs) if extension else [],
            "required": extension is None or extension.required,
            "variant": "default",
            **_licences(extension.links if extension else (), facts.archives),
        }
        if extension and extension.shared:
            entry["shared_lib"] = f"{dynload}/{name}{suffix}"
        entries[name] = [entry]
    of_extensions = {obj for extension in found.values()
                     for obj in extension.objs}
    core: dict[str, Any] = {
        "objs": [obj for obj in (
            f"build/{name}" for name in make["LIBRARY_OBJS"].split())
            if obj not in of_extensions],
        "links": _links(f"{make['LIBS']} {make['SYSLIBS']}", make),
    }
    config = f"install/{probe['python_stdlib_platform_config']}"
    for key, path in (
            ("static_lib", f"{config}/{variables['LIBRARY']}"),
            ("shared_lib", f"install/lib/{variables['INSTSONAME']}")):
        if path in contents:
            core[key] = path
    if _COMPAT in contents:
        core["links"].append({"name": "compat", "path_static": _COMPAT})
    table = {
        "inittab_object": "build/Modules/config.o",
        "inittab_source": "build/Modules/config.c",
        "inittab_cflags": [
            flag for flag in shlex.split(make["PY_CORE_CFLAGS"])
            if flag.startswith(("-std=", "-D", "-fPIC", "-fvisibility="))],
    }
    # The format's description has these three in core, its first writer
    # and its readers (PyOxidizer) one level up.
    return {"core": core | table, "extensions": entries, **table,
            "object_file_format": facts.object_format}
