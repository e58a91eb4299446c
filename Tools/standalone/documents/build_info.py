"""Make the build_info of PYTHON.json: the inputs of the interpreter's link.

These are objects, built-in modules and the libraries of each module, from
CPython's Setup files, makefile and table of built-in modules.
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from standalone.core.errors import BuildError
from standalone.core.model import Pin
from standalone.formats import elf

# Our implementation of newer functions of the C library.
_COMPAT = "build/lib/libcompat.a"

#: The interpreter's main function, the path of the dynamic linker, and the
#: list of exported symbols.
MAIN_OBJECT = "build/Programs/python.o"
LOADER_OBJECT = "build/Programs/loader.o"
VERSION_SCRIPT = "build/exports.map"

# SPDX identifiers of public-domain dedications.
_PUBLIC_DOMAIN = {"blessing"}


@dataclass(frozen=True)
class Link:
    """The inputs of `build_info`.  Paths are relative to the archive."""

    make: Mapping[str, str]
    config_c: str                # text of Modules/config.c
    setups: Mapping[str, str]    # text of Setup.local, Setup.stdlib, ...
    libraries: Mapping[str, Collection[Pin]]     # path → its sources
    hooks: Mapping[str, str] = field(default_factory=dict)
    """Shared module → the function that exports it, if not PyInit_*."""


@dataclass(frozen=True)
class Extension:
    """A module as a line of a Setup file describes it."""

    objs: tuple[str, ...]
    links: tuple[dict[str, Any], ...]
    shared: bool
    required: bool


def not_linked(make: Mapping[str, str]) -> tuple[str, ...]:
    """Return patterns for objects that are not part of the archive.

    They are linked into nothing that we ship, or into static libraries
    that the archive contains.
    """
    return ("Programs/_*.o", "Modules/getpath_noop.o", *(
        obj for name, value in make.items()
        if re.fullmatch(r"LIB(?!RARY_)\w+_OBJS", name)
        for obj in value.split()))


def unnamed(document: Mapping[str, Any],
            contents: Collection[str]) -> set[str]:
    """Return objects and libraries in ``build/`` not in *document*."""
    return {path for path in contents
            if re.fullmatch(r"build/.*\.[oa]", path)
            }.difference(named_paths(document["build_info"]))


def named_paths(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield all paths in a build_info, relative to ``python/``."""
    yield from (info["inittab_object"], info["inittab_source"])
    # Our extension; archives of other projects do not have it.
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
    """Map programs and libraries to the system libraries they link with.

    The keys are paths in the archive, the values names such as "m".
    """
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
    """Yield the files whose DT_NEEDED differs from `system_links`.

    *root* is the directory of PYTHON.json.  Ignore the C library, which
    is always linked, and the tree's own libraries.
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
    """Map built-in modules to the init function or NULL in config.c."""
    return dict(re.findall(r'(?m)^\s*\{"(\w+)", (\w+)\},', config_c))


def extensions(linked: Link,
               contents: Collection[str]) -> dict[str, Extension]:
    """Return the modules of the Setup files, sorted by name.

    As in makesetup, the first line about a module wins.  The format is
    described in
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
    # A module without flags gets those that configure found.
    flags = flags or [f"$(MODULE_{name.upper()}_LDFLAGS)"]
    if shared:
        flags.append("$(BLDSHARED)")     # cc -pthread -shared
    return Extension(
        tuple(f"build/Modules/{PurePosixPath(source).with_suffix('.o')}"
              for source in sources),
        tuple(known.links(" ".join(flags))), shared, required)


@dataclass(frozen=True)
class _Flags:
    """The context to interpret linker flags in.

    *make* has make's variables; *contents* are the archive's paths, which
    include all our libraries.
    """

    make: Mapping[str, str]
    contents: Collection[str]

    def links(self, flags: str) -> list[dict[str, Any]]:
        """Return PYTHON.json's links: ours with a path, others without."""
        flags = re.sub(r"\$\((\w+)\)",
                       lambda match: self.make.get(match[1], ""), flags)
        links: dict[str, dict[str, Any]] = {}
        for word in shlex.split(flags):
            word = "-lpthread" if word == "-pthread" else word
            path = PurePosixPath(word)
            ours = f"build/lib/lib{word[2:]}.a"
            if word.startswith("-l") and ours in self.contents:
                # OpenSSL and SQLite: configure finds them with -L.
                links[ours] = {"name": word[2:], "path_static": ours}
            elif word.startswith("-l"):
                links[word] = {"name": word[2:], "system": True}
            elif path.suffix == ".a":
                # In a dependency's prefix, or bundled with CPython.
                ours = "build/" + (f"lib/{path.name}" if path.is_absolute()
                                   else word)
                links[ours] = {"name": path.stem.removeprefix("lib"),
                               "path_static": ours}
            elif path.suffix == ".so":
                links[word] = {"name": path.stem.removeprefix("lib"),
                               "path_dynamic": f"install/lib/{path.name}"}
        return list(links.values())


def build_info(probe: Mapping[str, Any], linked: Link,
               contents: Collection[str]) -> dict[str, Any]:
    """Return the complete build_info.

    *probe* is the output of python_json.PROBE; *contents* are the paths
    below ``python/`` in the full archive.  Raises BuildError if the
    interpreter's built-in modules differ from those in config.c.
    """
    init_functions = inittab(linked.config_c)
    difference = {*probe["builtin_modules"]} ^ {*init_functions}
    if difference:
        raise BuildError("Modules/config.c and the interpreter have "
                         "different built-in modules: "
                         + ", ".join(sorted(difference)))
    found = extensions(linked, contents)
    paths, suffixes = probe["python_paths"], probe["python_suffixes"]
    dynload = f"install/{paths['platstdlib']}/lib-dynload"
    texts = _licence_texts(contents)
    entries = {}
    for name in sorted({*init_functions, *found}):
        entry = _variant(found.get(name),
                         init_functions.get(name)
                         or linked.hooks.get(name, f"PyInit_{name}"),
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
    # The format's description has these three keys in core, but
    # python-build-standalone and PyOxidizer have them one level up.
    return {
        "core": _core(probe, linked, contents, of_extensions) | table,
        "extensions": entries, **table,
        # Our extension: inputs of the link in neither core nor extensions.
        "interpreter": {"main_object": MAIN_OBJECT,
                        "loader_object": LOADER_OBJECT,
                        "version_script": VERSION_SCRIPT},
        "object_file_format": "elf"}


def _variant(extension: Extension | None, init_fn: str,
             shared_lib: str) -> dict[str, Any]:
    """Return a module's entry; without *extension* it is in the core."""
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
    """Return the licences of the libraries that a module links with."""
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
        # The text for a bundled copy may be in CPython's licence.
        **({"license_paths": found} if found else {}),
        "license_public_domain": ids <= _PUBLIC_DOMAIN,
    }


def _licence_texts(contents: Collection[str]) -> dict[str, list[str]]:
    """Map each component to its files below licenses/."""
    paths = [path for path in contents if path.startswith("licenses/")]
    directories = {str(PurePosixPath(path).parent) for path in paths}
    texts: dict[str, list[str]] = {}
    for path in paths:
        if path not in directories:
            texts.setdefault(path.split("/")[1], []).append(path)
    return texts


def _core(probe: Mapping[str, Any], linked: Link,
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
