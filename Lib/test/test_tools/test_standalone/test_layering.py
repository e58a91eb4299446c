"""Test which package imports which, by `ast`."""

import ast
import graphlib
import re
import sys
import unittest
from pathlib import Path

from standalone.core.layout import TOOLS

# Package → the packages it may import, besides itself.  `request`, at the
# top, is what the user asked for.  `__main__` may import all of them.
MAY_IMPORT = {
    "core": "",
    "formats": "core",
    "platforms": "core",
    "recipes": "core",
    "toolchain": "core formats",
    "sources": "core formats toolchain",
    "profile": "core",
    "request": "core formats platforms profile recipes sources toolchain",
    "cpython": "core formats profile recipes sources toolchain",
    "documents": "core formats sources toolchain",
    "relocate": "core documents formats toolchain",
    "validate": "core cpython formats sources",
    "archives": "core documents formats platforms profile recipes relocate "
                "sources toolchain",
    "pipeline": "core cpython documents formats profile recipes request "
                "sources toolchain",
    "training": "core formats pipeline profile request toolchain",
    "release": "archives core documents formats pipeline platforms request "
               "sources toolchain",
    "testing": "archives core cpython formats pipeline platforms request "
               "sources",
    "bench": "core formats pipeline request sources testing",
}
TOP = {"__init__", "__main__", "request"}

# Besides run() of each stage: what puts together a key or a document
# of many answers of the request.
TAKE_THE_REQUEST = {
    "archives.stage": {"_pybi", "_python_json", "_specs", "_statements",
                       "statement"},
    "cpython.build": {"_configured_key"},
    "relocate.stage": {"ingredients"},
}

THIRD_PARTY = {"archives.compression": {"deflate", "zstandard"},
               "sources.patching": {"unidiff"},
               "formats.elf": {"elftools"}, "formats.strip": {"elftools"},
               "documents.licences": {"packaging"},
               "toolchain.jit.readobj": {"elftools"},
               "toolchain.jit.dwarfdump": {"elftools"},
               "toolchain.jit.objdump": {"elftools", "capstone"},
               "core.render": {"jinja2"}}
VAGUE = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
MAX_LINES = 350


def module_name(path):
    """recipes/zlib.py -> recipes.zlib; recipes/__init__.py -> recipes."""
    parts = path.relative_to(TOOLS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and parts[1:]
                    else parts)


FILES = {module_name(path): path for path in sorted(TOOLS.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8"))
         for name, path in FILES.items()}


def is_for_types(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def statements(node, functions=True):
    """All below *node* but what only a type checker sees, and perhaps
    without the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if not is_for_types(child) and (functions or not isinstance(
                child, ast.FunctionDef)):
            yield child
            yield from statements(child, functions)


def imports(tree, functions=True):
    """Dotted names: "standalone.core.model", "json"."""
    for node in statements(tree, functions):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            if (TOOLS.parent / node.module.replace(".", "/")).is_dir():
                yield from (f"{node.module}.{alias.name}"
                            for alias in node.names)
            else:
                yield node.module


def ours(tree, functions=True):
    """The names in FILES that *tree* imports."""
    return {name.removeprefix("standalone.")
            for name in imports(tree, functions)
            if name.startswith("standalone.")}


OURS = {name: ours(tree) for name, tree in TREES.items()}


class LayeringTest(unittest.TestCase):

    def test_every_module_is_in_a_package(self):
        # Else it would be free of all rules.
        self.assertEqual({name.partition(".")[0] for name in FILES},
                         MAY_IMPORT.keys() | TOP)
        for name, imported in OURS.items():
            self.assertLessEqual(imported, set(FILES), name)

    def test_packages(self):
        used = {}
        for name, imported in OURS.items():
            package = name.partition(".")[0]
            for module in imported:
                used.setdefault(package, set()).add(module.partition(".")[0])
        for package, allowed in MAY_IMPORT.items():
            # No less, too: what nobody needs is taken out of the table.
            self.assertEqual(used.get(package, set()) - {package},
                             set(allowed.split()), package)

    def test_packages_form_no_cycle(self):
        tuple(graphlib.TopologicalSorter({
            package: allowed.split()
            for package, allowed in MAY_IMPORT.items()}).static_order())

    def test_a_recipe_knows_commands_and_nothing_else(self):
        for name, tree in TREES.items():
            if name.startswith("recipes."):
                ours = {imported for imported in imports(tree)
                        if imported.startswith("standalone.")}
                # Layout: for our own C files, which a recipe adds to sources.
                self.assertLessEqual({each for each in ours if not
                                      each.startswith("standalone.recipes._")},
                                     {"standalone.core.model",
                                      "standalone.core.layout"}, name)

    def test_no_cycle(self):
        tuple(graphlib.TopologicalSorter(OURS).static_order())

    def test_third_party_imports(self):
        for name, tree in TREES.items():
            found = {imported.partition(".")[0] for imported in imports(tree)}
            self.assertEqual(
                found - set(sys.stdlib_module_names) - {"standalone"},
                THIRD_PARTY.get(name, set()), name)

    def test_the_front_needs_no_package(self):
        # It is what brings them to the machine.
        seen, left = set(), ["__main__"]
        while left:
            name = left.pop()
            seen.add(name)
            left += ours(TREES[name], functions=False) - seen
        self.assertIn("sources.fetch", seen)
        self.assertEqual(seen & set(THIRD_PARTY), set())


class RequestTest(unittest.TestCase):
    """Below the pipeline, functions take what they use of the request."""

    ABOVE = ("__main__", "bench.", "pipeline.", "release.", "request",
             "testing.", "training.")

    def test_functions(self):
        found = {}
        for name, tree in TREES.items():
            if name.startswith(self.ABOVE):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and any(
                        argument.annotation
                        and ast.unparse(argument.annotation) == "Config"
                        for argument in (*node.args.args,
                                         *node.args.kwonlyargs)):
                    found.setdefault(name, set()).add(node.name)
        stages = {name: names for name, names in found.items()
                  if "run" in names}
        self.assertEqual(found, stages)
        self.assertEqual({name: names - {"run"}
                          for name, names in stages.items()
                          if names - {"run"}}, TAKE_THE_REQUEST)


class PlatformTest(unittest.TestCase):
    """What depends on the platform is data, or an answer of Platform."""

    WORD = re.compile(r"(?i)(?<!util-)linux|\bgnu\b|glibc|musl|x86|amd64|"
                      r"aarch64|\bzig")
    #: The data and the answers; compilers and their C library; what the ELF
    #: format itself says of processors.
    KNOW = ("platforms.targets", "core.platform", "formats.elf", "toolchain.")

    def words(self, tree):
        """The names and texts in a module's code, with their lines."""
        docstrings = {
            node.body[0].value for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and ast.get_docstring(node) is not None}
        for node in ast.walk(tree):
            if node in docstrings:
                continue
            for field in ("id", "attr", "arg", "name", "value"):
                text = getattr(node, field, None)
                if isinstance(text, str):
                    yield text, getattr(node, "lineno", 0)

    def test_nothing_else_names_a_platform(self):
        found = [f"{name}, line {line}: {text}"
                 for name, tree in TREES.items()
                 if not name.startswith(self.KNOW)
                 for text, line in self.words(tree)
                 if self.WORD.search(text)]
        self.assertEqual(found, [])

    def test_the_words_are_found(self):
        words = {text for text, _ in self.words(TREES["platforms.targets"])
                 if self.WORD.search(text)}
        self.assertLessEqual({"linux", "gnu", "glibc", "x86_64", "aarch64"},
                             words)


class StyleTest(unittest.TestCase):

    def test_size(self):
        for name, path in FILES.items():
            lines = path.read_text(encoding="utf-8").count("\n")
            self.assertLessEqual(lines, MAX_LINES, name)

    def test_no_vague_name(self):
        for name in FILES:
            words = set(name.replace(".", "_").split("_"))
            self.assertEqual(words & VAGUE, set(), name)

    def test_docstrings(self):
        for name, tree in TREES.items():
            self.assertTrue(ast.get_docstring(tree), name)
            for node in ast.walk(tree):
                if (isinstance(node, (ast.ClassDef, ast.FunctionDef))
                        and not node.name.startswith("_")
                        and node in tree.body):
                    self.assertTrue(ast.get_docstring(node),
                                    f"{name}.{node.name}")

    def test_nothing_is_caught_wholesale(self):
        for name, tree in TREES.items():
            for node in ast.walk(tree):
                # To clean up and let it through is another thing.
                if (isinstance(node, ast.ExceptHandler)
                        and ast.unparse(node.body[-1]) != "raise"):
                    caught = ast.unparse(node.type) if node.type else "all"
                    self.assertNotIn(
                        caught, ("all", "Exception", "BaseException"),
                        f"{name}.py, line {node.lineno}")

    def test_only_the_command_line_catches_our_errors(self):
        for name, tree in TREES.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ExceptHandler) and node.type:
                    self.assertFalse(
                        name != "__main__"
                        and "StandaloneError" in ast.unparse(node.type),
                        f"{name}.py, line {node.lineno}")

    def test_no_absolute_path_of_a_home(self):
        for path in (*FILES.values(), *TOOLS.rglob("*.toml")):
            text = Path(path).read_text(encoding="utf-8")
            self.assertNotRegex(text, r"/home/|/Users/", str(path))


if __name__ == "__main__":
    unittest.main()
