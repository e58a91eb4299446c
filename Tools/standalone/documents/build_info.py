"""PYTHON.json's build_info: what the interpreter is linked from.

Its objects, its built-in modules and the libraries of each, as CPython's
Setup files, its makefile and its table of built-in modules have them.
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from standalone.core.errors import BuildError
from standalone.core.model import Pin
from standalone.formats import elf

# The sysroot's own functions, which whatever calls them has inside.
_COMPAT = "build/lib/libcompat.a"

#: The interpreter's main function, and what it exports.
MAIN_OBJECT = "build/Programs/python.o"
VERSION_SCRIPT = "build/exports.map"

# SPDX ids of what nobody has a copyright in.
_PUBLIC_DOMAIN = {"blessing"}


@dataclass(frozen=True)
class Linked:
    """What the build knows of it.  Paths are those of the archive."""

    make: Mapping[str, str]
    config_c: str                # text of Modules/config.c
    setups: Mapping[str, str]    # text of Setup.local, Setup.stdlib, ...
    object_format: str           # elf, llvm-bitcode:22.1.8
    libraries: Mapping[str, Collection[Pin]]     # path → whose it is


@dataclass(frozen=True)
class Extension:
    """A module as a line of a Setup file has it."""

    objs: tuple[str, ...]
    links: tuple[dict[str, Any], ...]
    shared: bool
    required: bool


def not_linked(make: Mapping[str, str]) -> tuple[str, ...]:
    """Patterns for objects that CPython's build leaves and that are in
    nothing of ours, or in a library that is archived itself."""
    return ("Programs/_*.o", "Modules/getpath_noop.o", *(
        obj for name, value in make.items()
        if re.fullmatch(r"LIB(?!RARY_)\w+_OBJS", name)
        for obj in value.split()))


def unnamed(document: Mapping[str, Any],
            contents: Collection[str]) -> set[str]:
    """Objects and libraries in ``build/`` that *document* leaves out."""
    return {path for path in contents
            if re.fullmatch(r"build/.*\.[oa]", path)
            }.difference(named_paths(document["build_info"]))


def named_paths(info: Mapping[str, Any]) -> Iterator[str]:
    """All paths that a build_info names, relative to ``python/``."""
    yield from (info["inittab_object"], info["inittab_source"])
    # Ours, which archives of others do not have.
    yield from info.get("interpreter", {}).values()
    variants = [variant for group in info["extensions"].values()
                for variant in group]
    for part in (info["core"], *variants):
        yield from part["objs"]
        yield from part.get("license_paths", ())
        for key in ("static_lib", "shared_lib"):
            if key in part:
                yield part[key]
        for link in part["links"]:
            for key in ("path_static", "path_dynamic"):
                if key in link:
                    yield link[key]


def system_links(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Program or library in the archive → libraries of the system that it
    is linked with: "m"."""
    def names(part: Mapping[str, Any]) -> set[str]:
        return {link["name"] for link in part["links"] if link.get("system")}

    info = document["build_info"]
    core, files = names(info["core"]), {}
    for [variant] in info["extensions"].values():
        if "shared_lib" in variant:
            files[variant["shared_lib"]] = names(variant)
        else:
            core |= names(variant)
    files[document["python_exe"]] = core
    if "shared_lib" in info["core"]:
        files[info["core"]["shared_lib"]] = core
    return files


def differing(document: Mapping[str, Any], root: Path) -> Iterator[str]:
    """Where `system_links` are not what a file needs.

    *root* is the directory of PYTHON.json.  Nobody asks for the C library,
    and the libraries of the tree are not the system's.
    """
    own = {path.name for path in root.glob("install/lib/*.so*")}
    for path, links in system_links(document).items():
        facts = elf.read(root / path)
        needed = {match[1] for name in (facts.needed if facts else ())
                  if name not in own
                  and (match := re.fullmatch(r"lib(.+?)\.so[.\d]*", name))}
        if difference := (needed ^ links) - {"c"}:
            yield f"{path}: {' '.join(sorted(difference))}"


def inittab(config_c: str) -> dict[str, str]:
    """Built-in module → init function or NULL, from config.c's table."""
    return dict(re.findall(r'(?m)^\s*\{"(\w+)", (\w+)\},', config_c))


def extensions(linked: Linked,
               contents: Collection[str]) -> dict[str, Extension]:
    """What the Setup files say, in the order in which makesetup reads.

    The first line about a module wins.  The format is described in
    https://github.com/python/cpython/blob/main/Modules/Setup
    """
    found: dict[str, Extension | None] = {}
    for file, text in linked.setups.items():
        state = "*static*"
        for line in text.replace("\\\n", " ").splitlines():
            words = line.partition("#")[0].split()
            if not words or "=" in line:     # makesetup: a variable
                continue
            if words[0].startswith("*"):
                state = words[0]
            elif words[0] not in found:
                found[words[0]] = None if state == "*disabled*" else (
                    _extension(words, _Flags(linked.make, contents),
                               state == "*shared*",
                               file == "Setup.bootstrap"))
    return {name: extension for name, extension in sorted(found.items())
            if extension}


def _extension(words: list[str], known: "_Flags", shared: bool,
               required: bool) -> Extension:
    name, *rest = words
    sources = [word for word in rest
               if re.search(r"\.(c|C|cc|cpp|cxx|m)$", word)]
    flags = [word for word in rest if word not in sources]
    # With no flag of its own, a module gets what configure found.
    flags = flags or [f"$(MODULE_{name.upper()}_LDFLAGS)"]
    if shared:
        flags.append("$(BLDSHARED)")     # cc -pthread -shared
    return Extension(
        tuple(f"build/Modules/{PurePosixPath(source).with_suffix('.o')}"
              for source in sources),
        tuple(known.links(" ".join(flags))), shared, required)


@dataclass(frozen=True)
class _Flags:
    """What flags of the linker mean: make's variables, and the archive,
    in which every library that is ours lies."""

    make: Mapping[str, str]
    contents: Collection[str]

    def links(self, flags: str) -> list[dict[str, Any]]:
        """*flags* as PYTHON.json has them: ours by path, others not."""
        flags = re.sub(r"\$\((\w+)\)",
                       lambda match: self.make.get(match[1], ""), flags)
        links: dict[str, dict[str, Any]] = {}
        for word in shlex.split(flags):
            word = "-lpthread" if word == "-pthread" else word
            path = PurePosixPath(word)
            ours = f"build/lib/lib{word[2:]}.a"
            if word.startswith("-l") and ours in self.contents:
                # OpenSSL's and SQLite's, which configure finds with -L.
                links[ours] = {"name": word[2:], "path_static": ours}
            elif word.startswith("-l"):
                links[word] = {"name": word[2:], "system": True}
            elif path.suffix == ".a":
                # A dependency's prefix or a library of CPython's own.
                ours = "build/" + (f"lib/{path.name}" if path.is_absolute()
                                   else word)
                links[ours] = {"name": path.stem.removeprefix("lib"),
                               "path_static": ours}
            elif path.suffix == ".so":
                links[word] = {"name": path.stem.removeprefix("lib"),
                               "path_dynamic": f"install/lib/{path.name}"}
        return list(links.values())


def build_info(probe: Mapping[str, Any], linked: Linked,
               contents: Collection[str]) -> dict[str, Any]:
    """The whole of it.

    *probe* is what metadata.PROBE printed, *contents* are the paths below
    ``python/`` in the full archive.  Raises BuildError if the interpreter
    has other built-in modules than its sources say.
    """
    init_functions = inittab(linked.config_c)
    difference = {*probe["builtin_modules"]} ^ {*init_functions}
    if difference:
        raise BuildError("Modules/config.c is not the interpreter's: "
                         + ", ".join(sorted(difference)))
    found = extensions(linked, contents)
    paths, suffixes = probe["python_paths"], probe["python_suffixes"]
    dynload = f"install/{paths['platstdlib']}/lib-dynload"
    texts = _licence_texts(contents)
    entries = {}
    for name in sorted({*init_functions, *found}):
        entry = _variant(found.get(name),
                         init_functions.get(name, f"PyInit_{name}"),
                         f"{dynload}/{name}{suffixes['extension'][0]}")
        entries[name] = [
            entry | _licences(entry["links"], linked.libraries, texts)]
    of_extensions = {obj for extension in found.values()
                     for obj in extension.objs}
    table = {
        "inittab_object": "build/Modules/config.o",
        "inittab_source": "build/Modules/config.c",
        "inittab_cflags": [
            flag for flag in shlex.split(linked.make["PY_CORE_CFLAGS"])
            if flag.startswith(("-std=", "-D", "-fPIC", "-fvisibility="))],
    }
    # The format's description has these three in core, its first writer
    # and its readers (PyOxidizer) one level up.
    return {
        "core": _core(probe, linked, contents, of_extensions) | table,
        "extensions": entries, **table,
        # Not of the format: what is in no extension, nor in libpython.
        "interpreter": {"main_object": MAIN_OBJECT,
                        "version_script": VERSION_SCRIPT},
        "object_file_format": linked.object_format}


def _variant(extension: Extension | None, init_fn: str,
             shared_lib: str) -> dict[str, Any]:
    """A module's entry; without an extension it is in the core."""
    entry: dict[str, Any] = {
        "in_core": extension is None,
        "init_fn": init_fn,
        "links": list(extension.links) if extension else [],
        "objs": list(extension.objs) if extension else [],
        "required": extension is None or extension.required,
        "variant": "default",
    }
    if extension and extension.shared:
        entry["shared_lib"] = shared_lib
    return entry


def _licences(links: Iterable[Mapping[str, Any]],
              libraries: Mapping[str, Collection[Pin]],
              texts: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """What is to be said of the libraries that a module brings along."""
    pins = {pin.name: pin for link in links
            for key in ("path_static", "path_dynamic") if key in link
            for pin in libraries.get(link[key], ())}
    if not pins:
        return {}
    ids = {word for pin in pins.values() for word in re.split(
        r" (?:AND|OR) |[()]", pin.licence) if word}
    found = sorted(path for name in pins for path in texts.get(name, ()))
    return {
        "licenses": sorted(ids),
        # A copy of CPython's own may have its text in CPython's.
        **({"license_paths": found} if found else {}),
        "license_public_domain": ids <= _PUBLIC_DOMAIN,
    }


def _licence_texts(contents: Collection[str]) -> dict[str, list[str]]:
    """Component → its files below licenses/."""
    paths = [path for path in contents if path.startswith("licenses/")]
    directories = {str(PurePosixPath(path).parent) for path in paths}
    texts: dict[str, list[str]] = {}
    for path in paths:
        if path not in directories:
            texts.setdefault(path.split("/")[1], []).append(path)
    return texts


def _core(probe: Mapping[str, Any], linked: Linked,
          contents: Collection[str],
          of_extensions: Collection[str]) -> dict[str, Any]:
    make, variables = linked.make, probe["python_config_vars"]
    core: dict[str, Any] = {
        "objs": [obj for obj in (
            f"build/{name}" for name in make["LIBRARY_OBJS"].split())
            if obj not in of_extensions],
        "links": _Flags(make, contents).links(
            f"{make['LIBS']} {make['SYSLIBS']}"),
    }
    config = f"install/{probe['python_stdlib_platform_config']}"
    for key, path in (
            ("static_lib", f"{config}/{variables['LIBRARY']}"),
            ("shared_lib", f"install/lib/{variables['INSTSONAME']}")):
        if path in contents:
            core[key] = path
    if _COMPAT in contents:
        core["links"].append({"name": "compat", "path_static": _COMPAT})
    return core
