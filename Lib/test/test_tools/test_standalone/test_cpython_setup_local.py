"""Tests of modules.py, modules.toml and setup_local.py."""

import os
import tempfile
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core.errors import BuildError
from standalone.cpython import modules, setup_local

from .trees import SETUP_STDLIB, request, small_tree

REAL_TREE = os.environ.get("STANDALONE_TEST_TREE")


class ModulesTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tree = small_tree(self.dir / "tree")

    def test_rules(self):
        self.assertEqual(modules.rules(self.tree), {
            "zlib": "zlibmodule.c", "_dbm": "_dbmmodule.c",
            "_gdbm": "_gdbmmodule.c", "_testcapi": "_testcapimodule.c",
            "posix": "posixmodule.c", "time": "timemodule.c"})

    def test_places(self):
        free = {"_dbm": "builtin", "_testcapi": "shared", "posix": "builtin",
                "time": "builtin", "zlib": "builtin"}
        self.assertEqual(modules.expected(self.tree, gpl=False), free)
        self.assertEqual(modules.expected(self.tree, gpl=True),
                         {**free, "_gdbm": "builtin"})

    def test_undecided(self):
        with (self.tree / "Modules/Setup.stdlib.in").open("a") as file:
            file.write("@MODULE__NOVEL_TRUE@_novel _novel.c\n"
                       "#@MODULE__NOT_YET_TRUE@_not_yet _not_yet.c\n"
                       "@MODULE__OTHER_TRUE@_other _other.c\n")
        with self.assertRaises(BuildError) as caught:
            modules.expected(self.tree, gpl=False)
        self.assertEqual(caught.exception.message,
                         "modules missing from modules.toml: _novel, _other")
        self.assertIn("modules.toml", caught.exception.hint)

    def text(self, config):
        return setup_local.text(config.pristine, config.configured,
                                config.layout, gpl=config.gpl)

    def test_setup_local(self):
        config = request(self.tree, self.dir / "out")
        db = config.layout.dep("db")
        text = self.text(config)
        self.assertEqual(
            [line for line in text.splitlines()
             if line and not line.startswith("#")],
            ["*static*",
             f"_dbm _dbmmodule.c -DUSE_BERKDB -I{db}/include "
             f"{db}/lib/libdb-5.3.a",
             "*shared*", "_testcapi _testcapimodule.c", "*disabled*",
             "_gdbm"])

    def test_setup_local_with_gpl(self):
        config = request(self.tree, self.dir / "out", options="noopt+gpl")
        gdbm = config.layout.dep("gdbm")
        lines = self.text(config).splitlines()
        self.assertIn(f"_gdbm _gdbmmodule.c -I{gdbm}/include "
                      f"{gdbm}/lib/libgdbm.a",
                      lines[lines.index("*static*"):lines.index("*shared*")])
        self.assertNotIn("_gdbm", lines[lines.index("*disabled*"):])

    def test_stage(self):
        config = request(self.tree, self.dir / "out")
        small_tree(config.layout.stage("source"))
        setup_local.run(config, "key")
        self.assertEqual(
            (config.layout.stage("setup") / "Setup.local").read_text(),
            self.text(config))

    def test_prefixes_of_a_recipe_and_its_needs(self):
        layout = request(self.tree, self.dir / "out").layout
        self.assertEqual(
            recipes.expand_prefixes("{prefix} {ncurses}", "libedit", layout),
            f"{layout.dep('libedit')} {layout.dep('ncurses')}")

    @unittest.skipUnless(REAL_TREE, "STANDALONE_TEST_TREE names no tree")
    def test_real_tree(self):
        tree = Path(REAL_TREE)
        places = modules.expected(tree, gpl=False)
        self.assertEqual(places["_ssl"], "builtin")
        self.assertEqual(places["_testinternalcapi"], "shared")
        # Every module has a line in one of the two lists.
        self.assertGreater(len(modules.rules(tree)), 90)
        self.assertIn("*shared*", SETUP_STDLIB + self.text(
            request(tree, self.dir / "out")))


if __name__ == "__main__":
    unittest.main()
