"""Tests of mutants.py: what it changes, and that a change is noticed."""

import ast
import sys
import unittest
from pathlib import Path

from standalone.core import layout

from . import children, mutants

SOURCE = '''\
"""A docstring."""

def half(number: int, *, exact: bool = True) -> int:
    """Another."""
    if number % 2 and exact:
        raise ValueError(f"{number} is odd", "a text")
    note("ü", "kept")
    _progress("a title")
    return number // 2
'''


class MutantsTest(unittest.TestCase):

    def setUp(self):
        self.made = {mutants.replaced(SOURCE, *mutant) for mutant
                     in mutants.mutants(ast.parse(SOURCE))}

    def assertMade(self, old, new):
        self.assertIn(old, SOURCE)
        self.assertIn(SOURCE.replace(old, new), self.made)

    def test_kinds(self):
        self.assertMade("number % 2 and exact", "(number % 2 or exact)")
        self.assertMade("number % 2 and exact",
                        "(not (number % 2 and exact))")
        self.assertMade("= True", "= False")
        self.assertMade("// 2", "// 3")
        self.assertMade("number // 2", "(number)")
        self.assertMade("return number // 2", "return None")
        self.assertMade('note("ü", "kept")', "note('kept', 'ü')")
        self.assertMade('note("ü", "kept")', "pass")
        self.assertMade('"kept"', "'keptx'")
        self.assertMade('raise ValueError(f"{number} is odd", "a text")',
                        "pass")

    def test_every_mutant_is_another_program(self):
        for text in self.made:
            self.assertNotEqual(ast.dump(ast.parse(text)),
                                ast.dump(ast.parse(SOURCE)))

    def test_left_out(self):
        for text in ("A docstring.", "Another.", "number: int", "-> int",
                     " is odd"):
            self.assertTrue(all(text in made or "pass" in made
                                for made in self.made), text)
        for text in ("a textx", "a titlex"):
            self.assertFalse(any(text in made for made in self.made), text)


class RunTest(unittest.TestCase):

    def run_tool(self, *arguments):
        # A module of data, and a quick test of it.
        return children.run(
            [sys.executable, "-m", "test_standalone.mutants", *arguments,
             layout.__name__.removeprefix("standalone."),
             "test_pipeline_summary"],
            cwd=Path(__file__).parents[1],
            capture_output=True, text=True)

    def test_survived(self):
        """test_pipeline_summary does not look at the texts of layout.py."""
        first = self.run_tool("--number", "2", "--seed", "3")
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        self.assertRegex(first.stdout, r"(?m)^(killed|survived)\n@@ .*\n-")
        self.assertRegex(first.stdout, r"\S+: \d of 2 killed, \d+ % "
                                       r"\(seed 3, of \d+ mutants\)\n$")
        self.assertEqual(self.run_tool("--number", "2", "--seed", "3").stdout,
                         first.stdout)

    def test_least(self):
        self.assertEqual(self.run_tool(
            "--number", "1", "--least", "101").returncode, 1)


if __name__ == "__main__":
    unittest.main()
