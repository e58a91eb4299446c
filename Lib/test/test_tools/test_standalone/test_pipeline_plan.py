"""Tests of the plan: every module and data file is edited, and the parts
of all outputs are compared with those before.

That is done in a copy of the checkout, for a small CPython tree; nothing
is built.
"""

import ast
import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core.layout import ROOT, TOOLS
from standalone.cpython import overlay
from standalone.pipeline import closure, stages
from standalone.sources import pins

from . import children
from .trees import small_tree

# Modules that no output depends on: they order the work, and look at what
# was made.
NO_OUTPUT = {
    "__main__", "archives.compare", "archives.full_archive",
    "cpython.purposes", "cpython.series", "formats.debian_version",
    "pipeline.closure", "pipeline.driver", "pipeline.explain",
    "pipeline.hidden_work", "pipeline.plan", "pipeline.stages",
    "pipeline.summary", "release", "release.osv", "release.outdated",
    "release.outdated_command", "release.published", "release.relink",
    "release.respin", "release.sign", "sources.pip_index",
    "sources.signatures", "sources.source_index", "testing",
    "testing.bench", "testing.check", "testing.children", "testing.chroots",
    "testing.expected_failures", "testing.product", "testing.reproduce",
    "testing.results", "testing.suite", "testing.testbed", "testing.units"}
# Data that no output depends on.
NO_OUTPUT_DATA = {
    "README.md", "docs/decisions.md", "docs/formats.md", "docs/runtime.md",
    "docs/overlay.md", "docs/testing.md", "cpython/purposes.toml",
    "testing/expected_failures.toml", "graph.mk", "mypy.ini",
    "documents/python-json.schema.json", "requirements-dev.in",
    "requirements-dev.txt", "requirements-nuitka.txt", "requirements.in",
    "ruff.toml"}
# Run by a stage as a program, and so not by an import.
PROGRAMS = {"relocate.bytecode"}
# Imported by a function of a stage, because it needs a package.
LATE = {"sources.patching"}

# For each line of its input, a JSON object of texts by path, prints the
# parts of all outputs with those texts in place.  That is computed in a
# child, which imports our modules with the edits in them; or not, if they
# shall be "imported" before, which is faster.
PARTS = """\
import importlib, json, os, sys
from pathlib import Path
def parts():
    from standalone.pipeline import plan
    from standalone import request as config
    return plan.parts(config.Config(
        sys.argv[1], "x86_64-unknown-linux-gnu", "zig", "noopt", None,
        sys.argv[2], 2))
if sys.argv[3] == "imported":
    parts()
for line in sys.stdin:
    texts = json.loads(line)
    before = {path: Path(path).read_bytes() for path in texts}
    for path, text in texts.items():
        Path(path).write_text(text)
    read, write = os.pipe()
    if not os.fork():
        for path in texts:
            module = f"standalone.recipes.{Path(path).stem}"
            if module in sys.modules:
                importlib.reload(sys.modules[module])
        with open(write, "w") as file:
            json.dump(parts(), file)
        os._exit(0)
    os.close(write)
    print(open(read).read(), flush=True)
    os.wait()
    for path, data in before.items():
        Path(path).write_bytes(data)
"""

# What is behind a recipe's commands is hashed as the commands are.
MORE_COMMANDS = """
import dataclasses
before = RECIPE.commands
def edited(build):
    yield from before(build)
    yield build.run("edited")
RECIPE = dataclasses.replace(RECIPE, commands=edited)
"""


def module_names():
    return {path.relative_to(TOOLS).with_suffix("").as_posix()
            .replace("/", ".").removesuffix(".__init__")
            for path in TOOLS.rglob("*.py")}


def path_of(module):
    """recipes.zlib -> recipes/zlib.py; recipes -> recipes/__init__.py."""
    name = module.replace(".", "/")
    return (f"{name}/__init__.py" if (TOOLS / name).is_dir()
            else f"{name}.py")


def text_of(name):
    return (TOOLS / name).read_text(encoding="utf-8")


def loaded(module):
    """What Python imports for a module of ours, by Python's own word."""
    done = children.run(
        [sys.executable, "-c", f"import sys, standalone.{module}\n"
         "print(*(name for name in sys.modules if name == 'standalone'"
         " or name.startswith('standalone.')))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(
            [str(TOOLS.parent), *filter(None, sys.path)])},
        capture_output=True, text=True, check=True)
    return {name.partition(".")[2] or "__init__"
            for name in done.stdout.split()}


def groups(names):
    """Few lists of *names*, such that for any two names a list has the one
    and not the other: so an edit of one that changes what it should not is
    seen, as if each had been edited alone."""
    names = sorted(names)
    for bit in range((len(names) - 1).bit_length()):
        for value in 0, 1:
            yield [name for number, name in enumerate(names)
                   if number >> bit & 1 == value]


def without_prose(text):
    """*text* with other docstrings and comments, and more blank lines."""
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if (isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
                and ast.get_docstring(node)):
            number = node.body[0].lineno - 1
            lines[number] = lines[number].replace('"""', '"""Edited.  ', 1)
            assert "Edited" in lines[number], lines[number]
    return "\n\n# Edited.\n".join(["", *lines[:1]]) + "\n" + "\n".join(
        lines[1:]) + "\n\n# Edited.\n"


class PartsTest(unittest.TestCase):
    """Edits in a copy of the checkout."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.checkout = cls.dir / "checkout"
        for path in [*overlay.files(), Path("configure.ac")]:
            if (ROOT / path).exists() and "elf_samples" not in path.parts:
                target = cls.checkout / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, target)
        cls.tools = cls.checkout / "Tools/standalone"
        cls.tree = small_tree(cls.dir / "tree")
        os.utime(cls.tree / "Include/patchlevel.h", (1, 1))
        [cls.before] = cls.run_program([{}])

    @classmethod
    def run_program(cls, edits, mode="", **variables):
        """The parts after each of *edits*, texts by name of a file."""
        done = children.run(
            [sys.executable, "-c", PARTS, cls.tree, cls.dir / "out", mode],
            input="".join(json.dumps({
                str(cls.tools / name): text for name, text in texts.items()})
                + "\n" for texts in edits),
            env={**os.environ, "PYTHONPATH": str(cls.tools.parent),
                 "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True, text=True)
        assert not done.returncode, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def changed(self, after):
        """Title → labels, of those that need no other stage."""
        self.assertEqual(after.keys(), self.before.keys())
        found = {}
        for title, parts in after.items():
            old = self.before[title]
            labels = {label for label in parts.keys() | old.keys()
                      if parts.get(label) != old.get(label)}
            needs = {label for label in labels if label.startswith("needs ")}
            # Who needs it has another key as well.
            self.assertEqual(needs, {
                label for label in parts if label.startswith("needs ")
                and after[label.removeprefix("needs ")]
                != self.before[label.removeprefix("needs ")]}, title)
            if labels - needs:
                found[title] = labels - needs
        return found

    def assertChange(self, edits):
        """Of each edit, a file, an old text and a new one: a set of titles
        whose own parts change; or their labels by title, or None for a
        build of other dependencies."""
        texts = []
        for name, old, new in edits:
            text = text_of(name)
            self.assertEqual(text.count(old), 1, f"{name}: {old}")
            texts.append({name: text.replace(old, new)})
        for (edit, expected), after in zip(
                edits.items(), self.run_program(texts), strict=True):
            with self.subTest(edit=edit):
                found = self.changed(after)
                self.assertEqual(found if isinstance(expected, dict)
                                 else found.keys(), expected)

    def titles(self, *names):
        """Stages by name; "deps" is all dependencies."""
        return {title for title in self.before
                if title.partition("-")[0] in names}


class EnvironmentTest(PartsTest):

    def test_what_only_this_user_has(self):
        # The same for every user, wherever the programs of the machine are.
        [after] = self.run_program(
            [{}], TMPDIR=str(self.dir), CFLAGS="-O0", LANG="de_DE.UTF-8",
            PATH=os.pathsep.join([str(self.dir), os.environ["PATH"]]))
        self.assertEqual(self.changed(after), {})


class ModuleTest(PartsTest):

    def test_every_module(self):
        behind = {stage: loaded(table.code)
                  for stage, table in stages.STAGES.items()}
        behind["relocate"] |= PROGRAMS
        behind["deps"] |= LATE
        edits = list(groups(module_names()))
        texts = [{path: text_of(path) + "\nedited = 1\n"
                  for path in map(path_of, names)} for names in edits]
        for names, after in zip(
                edits, self.run_program(texts, "imported"), strict=True):
            expected = {}
            for stage, reached in behind.items():
                if labels := {f"code {path_of(name)}"
                              for name in reached.intersection(names)}:
                    expected |= dict.fromkeys(self.titles(stage), labels)
            self.assertEqual(self.changed(after), expected)

    def test_prose(self):
        [after] = self.run_program([{
            path: without_prose(text_of(path))
            for path in map(path_of, module_names())}])
        self.assertEqual(self.changed(after), {})

    def test_every_module_is_accounted_for(self):
        in_a_stage = {name for stage in stages.STAGES.values()
                      for name in closure.modules(stage.code)}
        # By value: what the request answers, and the recipes' commands.
        by_value = closure.modules("request").union(*(
            closure.modules(name) for name in module_names()
            if name.startswith("recipes.")))
        self.assertEqual(module_names() - in_a_stage - by_value, NO_OUTPUT)
        self.assertEqual(NO_OUTPUT & (in_a_stage | by_value), set())

    def test_recipes(self):
        edits = list(groups(recipes.load()))
        texts = [{path: text_of(path) + MORE_COMMANDS for path in (
            f"recipes/{name}.py" for name in names)} for names in edits]
        for names, after in zip(
                edits, self.run_program(texts, "imported"), strict=True):
            self.assertEqual(self.changed(after), {
                title: {"commands"} for title in (
                    f"deps-{name}" for name in names) if title in after})

    def test_code(self):
        deps = self.titles("deps")
        of_recipes = {"request recipes", "request configured"}
        self.assertChange({
            # For every command of every stage.
            ("core/process.py", 'env["LC_ALL"] = "C"\n',
             'env["LC_ALL"] = "C"\n    env["CFLAGS"] = "-O0"\n'):
            self.titles("toolchain", "deps", "cpython", "relocate",
                        "validate", "archive"),
            ("pipeline/dependencies.py", '"SOURCE_DATE_EPOCH": "0"',
             '"SOURCE_DATE_EPOCH": "1"'):
            {title: {"code pipeline/dependencies.py",
                     "environment SOURCE_DATE_EPOCH"}
             for title in deps},
            ("pipeline/dependencies.py", 'kept = {"include",',
             'kept = {"etc",'): deps,
            ("recipes/tcl.py", 'libraries=("libtcl8.6.so",)', "libraries=()"):
            {"deps-tcl": {"kept"},
             "cpython": {*of_recipes, "environment LD_LIBRARY_PATH"},
             **dict.fromkeys(self.titles("setup", "relocate", "validate",
                                         "archive"), of_recipes)},
            ("recipes/_steps.py", '"--disable-shared"', '"--enable-shared"'):
            {"deps-libedit", "deps-libffi", "deps-ncurses", "deps-xz"},
            ("request.py", "BuildName(self.version", 'BuildName("3.9"'):
            {"archive": {"request name"}},
            ("request.py", "is not a directory", "is a file"): {},
            ("pipeline/driver.py", "waiting for another",
             "waiting for the other"): {},
            ("sources/host.py", "not on this machine", "missing here"):
            {"archive"},
            # The index looks up each archive's platform.
            ("platforms/targets.py", '"EM_AARCH64"', '"EM_ARM"'): {"archive"},
            ("platforms/targets.py", '"EM_X86_64"', '"EM_386"'):
            self.titles("toolchain", "setup", "cpython", "relocate",
                        "validate", "archive")})


class DataTest(PartsTest):

    def data(self):
        return sorted(path.relative_to(TOOLS).as_posix()
                      for path in TOOLS.rglob("*")
                      if path.is_file() and "__pycache__" not in path.parts
                      and path.suffix != ".py")

    def test_every_file_has_a_reader(self):
        read = {name for module in module_names() - NO_OUTPUT
                for name in closure.data_files(module)}
        # By value, see source.fingerprint().
        read.add("cpython/overlay.toml")
        read |= {f"recipes/patches/{patch.name}"
                 for pin in pins.load().values() for series in pin.patches
                 if not series.archive for patch in series.patches}
        self.assertEqual(set(self.data()) - read, NO_OUTPUT_DATA)

    def test_text(self):
        # Whole files: C, headers and templates.
        names = [name for name in self.data()
                 if name.startswith(("compat/", "core/templates/"))]
        expected = {
            "compat/beside.h": {"deps-libx11", "deps-tcl"},
            "compat/openssl_conf.c": {"deps-openssl"},
            "compat/openssl_dso.c": {"deps-openssl"},
            "compat/tcl_library.c": {"deps-tcl"},
            "compat/terminfo_fallback.c": {"deps-ncurses"},
            "compat/x11_locale.c": {"deps-libx11"},
            **{name: {"deps-libedit"} for name in names
               if name.startswith("compat/libedit/")},
            **{name: self.titles("toolchain", "relocate", "archive")
               for name in names if name.startswith("compat/libc/")},
            **{name: self.titles("setup", "relocate")
               for name in names if name.startswith("core/templates/")}}
        self.assertEqual(set(names), set(expected))
        edits = list(groups(names))
        texts = [{name: text_of(name) + "\n" for name in edited}
                 for edited in edits]
        for edited, after in zip(
                edits, self.run_program(texts, "imported"), strict=True):
            self.assertEqual(self.changed(after).keys(), set().union(*(
                expected[name] for name in edited)))

    def test_toml(self):
        names = [name for name in self.data() if name.endswith(".toml")]
        [after] = self.run_program([
            {name: f"# Edited.\n{text_of(name)}" for name in names}])
        self.assertEqual(self.changed(after), {})
        of_packages = self.titles("deps", "setup", "relocate", "validate",
                                  "archive")
        self.assertChange({
            ("cpython/modules.toml", '"_asyncio", "_bisect"',
             '"_bisect", "_asyncio"'):
            self.titles("setup", "cpython", "validate"),
            ("validate/policy.toml", '    "libtcl8.6.so",\n', ""):
            {"validate"},
            ("cpython/overlay.toml", "Build relocatable archives",
             "Build"):
            {"source": {"overlay edits"}},
            # Patches of dependencies are parsed by a package.
            ("requirements.txt", "jinja2==", "jinja2==2!"): of_packages,
            ("requirements.txt", "ziglang==", "ziglang==2!"):
            of_packages | {"toolchain"}})

    def test_pins(self):
        sha256 = pins.load()["bzip2"].files[0].sha256
        self.assertChange({("sources/pins.toml", sha256, "0" * 64): {
            "deps-bzip2": {"sources"}, "relocate": {"data sources/pins.toml",
                                                    "fetched"},
            "archive": {"data sources/pins.toml"}}})

    def test_patches(self):
        """Each has a part; another order is another key as well."""
        [series] = pins.load()["openssl"].patches
        first, second = series.patches[:2]
        tables = [f'[[openssl.patches.members]]\nname = "{patch.name}"\n'
                  for patch in (first, second)]
        swapped = {f"patch {number:02} {patch.name}" for number, patch in (
            (1, first), (2, second), (1, second), (2, first))}
        text = text_of("sources/pins.toml")
        old = text[text.index(tables[0]):text.index(tables[1])]
        rest = text[text.index(tables[1]):]
        new = rest[:rest.index("[[openssl.patches.members]]", 1)]
        others = {"relocate": {"data sources/pins.toml"},
                  "archive": {"data sources/pins.toml"}}
        self.assertChange({
            ("sources/pins.toml", first.sha256, "0" * 64):
            {"deps-openssl": {f"patch 01 {first.name}"}, **others},
            ("sources/pins.toml", old + new, new + old):
            {"deps-openssl": swapped, **others}})


if __name__ == "__main__":
    unittest.main()
