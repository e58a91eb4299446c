"""Test the plan: edit each module and compare the parts of all outputs.

That happens in a copy of the checkout, for a small CPython tree; nothing is
built.  See planning.py.
"""

import ast
import os
import sys
import unittest

from standalone import recipes
from standalone.core.layout import TOOLS
from standalone.pipeline import closure, stages

from . import children
from .planning import (
    NO_OUTPUT,
    PartsTestCase,
    groups,
    module_names,
    path_of,
    text_of,
)

# A stage runs the first as a program and copies the second: neither is
# imported.
PROGRAMS = {"relocate.bytecode", "relocate.gdb_frames"}
# Imported by a function of a stage, because it needs a package.
LATE = {"sources.patching"}

# What is behind a recipe's commands is hashed as the commands are.
MORE_COMMANDS = """
import dataclasses
before = RECIPE.commands
def edited(build):
    yield from before(build)
    yield build.run("edited")
RECIPE = dataclasses.replace(RECIPE, commands=edited)
"""



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


class EnvironmentTest(PartsTestCase):

    def test_what_only_this_user_has(self):
        # The same for every user, wherever the programs of the machine are.
        [after] = self.run_program(
            [{}], TMPDIR=str(self.dir), CFLAGS="-O0", LANG="de_DE.UTF-8",
            PATH=os.pathsep.join([str(self.dir), os.environ["PATH"]]))
        self.assertEqual(self.changed(after), {})


class ModuleTest(PartsTestCase):

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
            ("recipes/_tcl.py", "libraries=(release.tcl,)", "libraries=()"):
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


if __name__ == "__main__":
    unittest.main()
