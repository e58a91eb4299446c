"""Find our code and data that the output of a stage depends on.

These are the module that runs the stage, all modules that it imports, and
the files that they name.  Docstrings, comments and layout do not count,
nor do imports under TYPE_CHECKING: an argument of a stage enters the key
by value, see plan.py.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from standalone.core import stamp
from standalone.core.layout import TOOLS

_PACKAGE = "standalone"
#: Pins the host's Python packages that modules import.
_REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True)
class _Module:
    """The facts about a module that its text contains."""

    imported: frozenset[str]     # for `from x import y`, x and x.y
    named: frozenset[str]        # a/b for TOOLS / "a" / "b"
    code: str                    # hash of the code


def path_of(module: str, tools: Path = TOOLS) -> Path:
    """Return the file of a module; for a package, its __init__.py."""
    path = tools / module.replace(".", "/")
    return (path / "__init__.py" if path.is_dir()
            else path.with_name(f"{path.name}.py"))


def parts(module: str, tools: Path = TOOLS) -> dict[str, str]:
    """Return the hash of each module and data file, by label."""
    found = {}
    for name in modules(module, tools):
        path = path_of(name, tools)
        found[f"code {path.relative_to(tools)}"] = _read(path).code
        for data in data_files(name, tools):
            found[f"data {data}"] = _content(tools / data)
    return found


def modules(module: str, tools: Path = TOOLS) -> set[str]:
    """Return *module* and our modules that it imports, at any depth."""
    seen: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += imports(name, tools)
    return seen


def imports(module: str, tools: Path = TOOLS) -> set[str]:
    """Return the modules of ours that *module* imports or runs."""
    read = _read(path_of(module, tools))
    found = {name.removeprefix(f"{_PACKAGE}.") for name in read.imported
             if name.startswith(f"{_PACKAGE}.")}
    found |= {name.removesuffix(".py").replace("/", ".")
              for name in read.named if name.endswith(".py")}
    # `from standalone.core.layout import TOOLS` names no module paths.TOOLS.
    found = {name for name in found if path_of(name, tools).exists()}
    # Importing recipes.zlib also runs recipes/__init__.py.
    found |= {name.rpartition(".")[0] for name in {module, *found}
              if "." in name}
    return found | {"__init__"}


def data_files(module: str, tools: Path = TOOLS) -> set[str]:
    """Return the files that *module* names as TOOLS / "name".

    Include requirements.txt if it imports packages of the host.  Paths are
    relative to Tools/standalone.
    """
    read = _read(path_of(module, tools))
    found = {path.relative_to(tools).as_posix()
             for name in read.named if not name.endswith(".py")
             for path in _files(tools / name)}
    ours = {*sys.stdlib_module_names, _PACKAGE}
    if {name.partition(".")[0] for name in read.imported} - ours:
        found.add(_REQUIREMENTS)
    return found


def _files(path: Path) -> Iterator[Path]:
    """Yield *path* or the files below it, except bytecode."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file() and file.suffix != ".pyc":
            yield file


def _read(path: Path) -> _Module:
    return _parsed(path.read_text(encoding="utf-8"))


@cache
def _parsed(text: str) -> _Module:
    tree = ast.parse(text)
    nodes = list(_run(tree))
    return _Module(frozenset(_imported(nodes)), frozenset(_named(nodes)),
                   stamp.key(_code(tree)))


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below *node*, except `if TYPE_CHECKING` blocks."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If)
                and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from _run(child)


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _named(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the paths that are named; for a/b, not also a."""
    inner: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.BinOp) and (name := _below_tools(node)):
            if node not in inner:
                yield name
            inner.add(node.left)


def _below_tools(node: ast.expr) -> str:
    """Return the path below TOOLS that *node* names, or ""."""
    words: list[str] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        if not (isinstance(node.right, ast.Constant)
                and isinstance(node.right.value, str)):
            return ""
        words.insert(0, node.right.value)
        node = node.left
    if isinstance(node, ast.Name) and node.id == "TOOLS":
        return "/".join(words)
    return ""


def _code(tree: ast.Module) -> str:
    """Return a module's code without comments, docstrings, blank lines.

    The result is source, because ast.dump() differs between versions of
    Python.  This removes the docstrings from *tree*.
    """
    for node in ast.walk(tree):
        if (isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef,
                              ast.AsyncFunctionDef))
                and ast.get_docstring(node) is not None):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _content(path: Path) -> str:
    """Return a hash of a file's contents; ignore comments in TOML."""
    if path.suffix == ".toml":
        return stamp.key(tomllib.loads(path.read_text(encoding="utf-8")))
    return stamp.file_sha256(path)
