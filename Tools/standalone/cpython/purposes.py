"""What the edits of the overlay are for, as purposes.toml says.

The edits of a purpose do not work without some of our files.  `files`
finds them: the files that purposes.toml names, and whatever they and the
edits import or mention.
"""

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from standalone.core.layout import ROOT
from standalone.cpython import overlay
from standalone.cpython.patches import File

#: Our packages in Lib/, by their import names.
_PACKAGES = {"_standalone_runtime": "Lib/_standalone_runtime",
             "test.test_standalone_runtime":
                 "Lib/test/test_standalone_runtime"}
_PACKAGE = r"(?:test\.test)?_standalone_runtime"
_IMPORT = re.compile(
    rf"from ({_PACKAGE})[\w.]* import (\([^)]*\)|[^\n]*)")
_DOTTED = re.compile(rf"({_PACKAGE})\.(\w+)")

_ISSUE = "https://github.com/python/cpython/issues/"
_PULL = "https://github.com/python/cpython/pull/"
_PBS = "https://github.com/astral-sh/python-build-standalone/issues/"
_LINKS = {"gh-": _ISSUE, "cpython#": _PULL, "PBS #": _PBS}


@dataclass(frozen=True)
class Purpose:
    """A table of purposes.toml; the comment there explains the fields.

    Without a *subject*, the edits are only a part of other patches.
    """

    name: str
    answers: tuple[str, ...]
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    issue: int = 0
    until: str = ""
    subject: str = ""
    body: str = ""
    section: str = ""
    date: str = ""
    news: str = ""


def load(root: Path = ROOT) -> dict[str, Purpose]:
    """Return the purposes by name, in the order of the patches."""
    path = root / "Tools" / "standalone" / "cpython" / "purposes.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: Purpose(name, **{
        field.name: _value(table[field.name]) for field in fields(Purpose)
        if field.name in table}) for name, table in tables.items()}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return value.strip() if isinstance(value, str) else value


def parts(purpose: Purpose, every: Mapping[str, Purpose]) -> set[str]:
    """Return the names of *purpose* and of all that it needs."""
    found = {purpose.name}
    for name in purpose.needs:
        found |= parts(every[name], every)
    return found


def files(purpose: Purpose, every: Mapping[str, Purpose], text: str,
          root: Path = ROOT) -> dict[str, File]:
    """Return path → content of our files in a patch for *purpose*, sorted.

    *text* are the lines that its edits add.  Paths are relative to *root*.
    """
    ours = {path.as_posix() for path in overlay.files(root)
            if path.parts[:2] != ("Misc", "NEWS.d")}
    # Only what a purpose names itself: tests of others do not belong here.
    patterns = [*purpose.files, *(pattern for name in purpose.needs
                                  if not every[name].subject
                                  for pattern in every[name].files)]
    found = {name for name in ours
             if any(fnmatch.fnmatchcase(name, each) for each in patterns)}
    todo = sorted(found)
    _add(_named(text, "", ours), found, todo)
    while todo:
        name = todo.pop()
        if name.endswith(".py"):
            source = (root / name).read_text(encoding="utf-8")
            _add(_named(source, name, ours), found, todo)
    contents = {name: overlay.read(root / name) for name in sorted(found)}
    return {name: file for name, file in contents.items() if file}


def _add(names: Iterable[str], found: set[str], todo: list[str]) -> None:
    new = set(names) - found
    found |= new
    todo += sorted(new)


def _named(text: str, name: str, ours: set[str]) -> Iterator[str]:
    """Yield our files that *text*, of the file *name*, imports or names.

    Text is searched, because tests have code for children in strings.
    """
    modules = set(_DOTTED.findall(text))
    for package, names in _IMPORT.findall(text):
        modules |= {(package, word) for word in re.findall(r"\w+", names)}
        modules.add((package, "__init__"))
    for package, module in modules:
        path = f"{_PACKAGES[package]}/{module}.py"
        if path in ours:
            yield path
    directory = PurePosixPath(name).parent
    if str(directory) in _PACKAGES.values():
        for file in map(PurePosixPath, ours):
            if (file.parent == directory and file.suffix != ".py"
                    and file.name in text):
                yield str(file)


def table(root: Path = ROOT) -> str:
    """Return the table of docs/overlay.md, a line for each edit, and links."""
    every = load(root)
    lines = ["| edit | purpose | why | answers | not needed |",
             "|---|---|---|---|---|"]
    for edit in overlay.edits(root):
        purpose = every[edit.purpose]
        answers = ", ".join(f"[{each}]" for each in purpose.answers)
        nothing = "none found" if purpose.subject else "see the patches"
        without = not_needed(edit, purpose)
        lines.append(f"| `{edit.file}` | {purpose.name} | "
                     f"{' '.join(edit.why.split())} | "
                     f"{answers or nothing} | "
                     f"{without}{': left out' * edit.left_out} |")
    known = {each for purpose in every.values() for each in purpose.answers}
    return "\n".join([*lines, "", *map(_link, sorted(known))]) + "\n"


def listing(tree: Path, root: Path = ROOT) -> list[str]:
    """Return a line for each edit: whether the version of *tree* has it.

    Raises UsageError if *tree* is not a CPython tree.
    """
    every, fitting = load(root), overlay.fitting(tree, root)
    edits = overlay.edits(root)
    width = max(len(edit.file) for edit in edits)
    return [f"{edit.file:<{width}}  {edit.purpose:<12}  " + (
        "applies" if edit in fitting
        else f"{'left out' if edit.left_out else 'not needed'} "
             f"{not_needed(edit, every[edit.purpose])}")
        for edit in edits]


def not_needed(edit: overlay.Edit, purpose: Purpose) -> str:
    """Return in which versions *edit* does not apply, in words."""
    if edit.python:
        return ", ".join(
            f"from {bound.removeprefix('<')} on" if bound.startswith("<")
            else f"before {bound.removeprefix('>=')}"
            for bound in edit.python.split(","))
    return f"when {purpose.until}" if purpose.until else ""


def _link(answer: str) -> str:
    [(prefix, url)] = [(prefix, url) for prefix, url in _LINKS.items()
                       if answer.startswith(prefix)]
    return f"[{answer}]: {url}{answer.removeprefix(prefix)}"
