"""Find the components of a finished tree, and their licences.

Debug information names the directory in which each object was compiled;
symbol tables name the routines that a compiler added.  Versions come from
the pins, CPython's Misc/sbom.spdx.json and pip's vendor.txt.  All other
facts are in components.toml.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from standalone.core.errors import ValidationError
from standalone.core.layout import TOOLS, Layout
from standalone.core.model import Recipe
from standalone.core.platform import Libc
from standalone.documents import components
from standalone.documents.components import NOWHERE, Component, Texts
from standalone.formats import elf
from standalone.formats.tree import UNIX, InstalledTree
from standalone.sources import pins, unpack
from standalone.sources.version import feature_version, is_in
from standalone.toolchain import compilers, sysroot
from standalone.toolchain.compilers import Toolchain

DATA = TOOLS / "documents" / "components.toml"


@dataclass(frozen=True)
class Ingredients:
    """The inputs of a tree, and their locations."""

    cpython: Component
    notices: Path                # CPython's Doc/license.rst
    layout: Layout
    recipes: Mapping[str, Recipe]
    archives: Mapping[str, Iterable[str]]    # linked ones, by recipe
    toolchain: Toolchain
    libc: Libc


def find(tree: Path, made: Ingredients) -> Texts:
    """Return the components of *tree* and its archives, sorted.

    Raises ValidationError for a component that components.toml does not
    list, and if a licence text is missing.
    """
    linked = Names(tree)
    found = dict(sorted([
        *_pinned(made, linked), *_cpython(made, tree, linked),
        *_pip(tree), *_compilers(made, linked)]))
    return {item: texts | _missing(item, texts, made.layout)
            for item, texts in found.items()}


class Names:
    """The names in the string tables of a tree's ELF files."""

    def __init__(self, tree: Path) -> None:
        self._names = {
            str(path.relative_to(tree)): names
            for path in sorted(tree.rglob("*"))
            if path.is_file() and not path.is_symlink()
            and (names := elf.names(path))}

    def paths(self, *names: str) -> tuple[str, ...]:
        """Return the files that contain any of *names*.

        If there are any, the paths include that of the debug information.
        A name matches any substring; "\\0name\\0" matches a whole name.
        """
        wanted = [name.encode() for name in names]
        paths = [path for path, said in self._names.items()
                 if any(name in said for name in wanted)]
        return (*paths, "lib/debug") if paths else ()


def _pinned(made: Ingredients, linked: Names) -> Iterator[
        tuple[Component, dict[str, str]]]:
    wanted = made.recipes

    def code(name: str) -> list[str]:
        if wanted[name].archives or wanted[name].libraries:
            return [*linked.paths(f"/deps/{name}.source"),
                    *(f"build/lib/{file}"
                      for file in made.archives.get(name, ()))]
        # The source is compiled into other dependencies.
        return [path for other, recipe in wanted.items()
                if name in recipe.needs for path in code(other)]

    for name in wanted:
        pin = pins.load()[name]
        if not pin.tool:
            yield components.described(
                pin, components.fetched(made.layout.fetched, pin),
                dict.fromkeys([*code(name), *wanted[name].data.values()])
                ), _texts(made.layout.dep(name) / "licenses")


def _cpython(made: Ingredients, tree: Path, linked: Names) -> Iterator[
        tuple[Component, dict[str, str]]]:
    """Yield CPython, and its bundled components that are in the tree."""
    source = made.layout.stage("source")
    notices = _read(made.notices)
    yield made.cpython, {
        "LICENSE": _read(source / "LICENSE"), "license.rst": notices}
    listed = {package["name"]: package for package in json.loads(
        _read(source / "Misc/sbom.spdx.json"))["packages"]}
    if unknown := listed.keys() - data()["cpython"].keys():
        raise _unlicensed("cpython", min(unknown))
    version = feature_version(made.cpython.version)
    for name, entry in data()["cpython"].items():
        if not is_in(version, entry.get("python", "")):
            continue
        if entry.get("optional") and entry["section"] not in notices:
            continue
        if paths := _piece(entry["files"], tree, linked):
            yield _listed(f"cpython/{name}", entry["licence"], paths,
                          listed.get(name, {}), _version(entry, source)), (
                _headings(source, entry["texts"]) if "texts" in entry else
                {"license.rst": section(notices, entry["section"])})


def _piece(files: str, tree: Path, linked: Names) -> tuple[str, ...]:
    if not files.startswith("Lib/"):
        return linked.paths(f"/source/{files}")
    path = InstalledTree(tree).library / files.removeprefix("Lib/")
    return (str(path.relative_to(tree)),) if path.exists() else ()


def _version(entry: Mapping[str, Any], source: Path) -> str:
    if "version" not in entry:
        return ""
    file, pattern = entry["version"]
    found = re.search(pattern, _read(source / file))
    return ".".join(found.groups()) if found else ""


def _listed(name: str, licence: str, paths: tuple[str, ...],
            package: Mapping[str, Any], version: str) -> Component:
    """Return a component of CPython, with the facts of CPython's SBOM."""
    references = {entry["referenceType"]: entry["referenceLocator"]
                  for entry in package.get("externalRefs", ())}
    version = package.get("versionInfo", version)
    return Component(
        name, version, licence, paths,
        package.get("downloadLocation", NOWHERE),
        next((entry["checksumValue"] for entry
              in package.get("checksums", ())), ""),
        references.get("cpe23Type", ""), references.get("purl", "") or (
            f"pkg:generic/{name.partition('/')[2]}@{quote(version, safe='')}"
            if version else ""))


def _pip(tree: Path) -> Iterator[tuple[Component, dict[str, str]]]:
    """Yield pip and the packages in pip/_vendor."""
    for info in tree.glob(f"{UNIX.site_packages}/pip-*.dist-info"):
        package = info.with_name("pip")
        version = info.name.removesuffix(".dist-info").partition("-")[2]
        paths = [package, *info.parents[1].glob("ensurepip/_bundled/pip-*")]
        yield _of_pip("pip", version, paths, tree), {
            path.name: _read(path)
            # pip 25.0, of CPython 3.12, has them among other files.
            for path in sorted([*(info / "licenses").glob("*.txt"),
                                *info.glob("LICENSE.txt"),
                                *info.glob("AUTHORS.txt")])}
        for name, version in re.findall(
                r"(?m)^\s*([\w.-]+)==([\w.]+)",
                _read(package / "_vendor/vendor.txt")):
            directory = data()["pip"].get(name, {}).get(
                "directory", name.lower().replace("-", "_"))
            paths = [path for path in (package / "_vendor" / directory,
                                       package / f"_vendor/{directory}.py")
                     if path.exists()]
            yield _of_pip(f"pip/{name}", version, paths, tree), {
                path.name: _read(path) for path in sorted([
                    *(info / "licenses/src/pip/_vendor" / directory).glob("*"),
                    *(package / "_vendor" / directory).glob("LICEN[CS]E*")])}


def _of_pip(name: str, version: str, paths: Iterable[Path],
            tree: Path) -> Component:
    project = name.rpartition("/")[2]
    if project not in data()["pip"]:
        raise _unlicensed("pip", project)
    return Component(
        name, version, data()["pip"][project]["licence"],
        tuple(str(path.relative_to(tree)) for path in sorted(paths)),
        cpe=f"cpe:2.3:a:pypa:pip:{version}:*:*:*:*:*:*:*"
        if name == "pip" else "",
        # The definition of the purl type requires lower case.
        purl=f"pkg:pypi/{project.lower().replace('_', '-')}@{version}")


def _compilers(made: Ingredients, linked: Names) -> Iterator[
        tuple[Component, dict[str, str]]]:
    """Yield the compiler and C library code that the linker adds."""
    libraries = made.layout.toolchain / "sysroot/usr/lib"
    package = made.layout.host / compilers.PACKAGE
    for name, entry in data()["linked"].items():
        if made.toolchain.name not in entry["toolchains"]:
            continue
        symbols = sysroot.symbols(libraries / entry["archive"])
        if paths := linked.paths(*(f"\0{symbol}\0" for symbol in symbols)):
            version = _linked_version(name, made)
            yield Component(
                name, version, entry["licence"], paths,
                purl=entry.get("purl", f"pkg:generic/{name}")
                + f"@{quote(version, safe='')}"), {
                **_headings(package, entry["texts"]),
                **({"NOTE.txt": entry["note"].lstrip()}
                   if "note" in entry else {})}


def _linked_version(name: str, made: Ingredients) -> str:
    libc = made.libc
    if name == libc.title:
        return ".".join(map(str, libc.baseline))
    if name == "libgcc":
        return str(re.findall(r"\d+\.\d+\.\d+", made.toolchain.version)[0])
    [info] = made.layout.host.glob(f"{compilers.PACKAGE}-*.dist-info")
    return info.name.removesuffix(".dist-info").partition("-")[2]


def _missing(item: Component, texts: Mapping[str, str],
             layout: Layout) -> dict[str, str]:
    """Return full texts of licences that a component only refers to."""
    known = data()["texts"]["long"] | (
        {} if texts else data()["texts"]["short"])
    said = " ".join(" ".join(texts.values()).split())
    more = {}
    for licence in sorted({*re.findall(r"[\w.+-]+", item.licence)}
                          & known.keys()):
        text = _whole(known[licence], layout)
        words = text.split()
        middle = " ".join(words[len(words) // 2:][:10])
        if middle not in said:
            more[f"{licence}.txt"] = text
    return more


def _whole(place: str, layout: Layout) -> str:
    """Return the licence text at *place*, PIN:FILE in components.toml."""
    name, _, file = place.partition(":")
    if name == "cpython":
        return _read(layout.stage("source") / file)
    return unpack.read_text(
        layout.fetched / name,
        file.replace("{version}", pins.load()[name].version))


def _headings(directory: Path, files: Iterable[str]) -> dict[str, str]:
    """Return the contents of text files, and the headings of C sources."""
    return {re.sub(r"\.c$", ".txt", Path(file).name): heading(text)
            for file in files for text in [_read(directory / file)]}


def heading(text: str) -> str:
    """Return the text of the comment that C source starts with.

    Return any other text unchanged.
    """
    if not text.startswith("/*"):
        return text
    lines = text[2:text.index("*/")].strip().splitlines()
    return "\n".join(re.sub(r"^ ?\*? ?", "", line).rstrip()
                     for line in lines) + "\n"


def section(text: str, title: str) -> str:
    """Return a section of reStructuredText, without its heading.

    Raises ValidationError if *text* has no section *title*.
    """
    parts = re.split(r"(?m)^(?:\.\. _.*:\n\n)?(.+)\n[-=~]{4,}\n", text)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    if title not in sections:
        raise ValidationError(f"Doc/license.rst has no section {title!r}",
                              hint=f"update {DATA.name}")
    return sections[title].strip() + "\n"


def _texts(directory: Path) -> dict[str, str]:
    return {path.name: _read(path) for path in sorted(directory.iterdir())}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as exc:
        raise ValidationError(f"cannot read {path}: {exc.strerror}") from exc


def _unlicensed(owner: str, name: str) -> ValidationError:
    return ValidationError(
        f"{owner} contains {name}, whose licence is unknown",
        hint=f"add [{owner}.{name}] to {DATA}")


@cache
def data() -> dict[str, Any]:
    """Return the contents of components.toml."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))
