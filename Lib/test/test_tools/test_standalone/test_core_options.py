"""Test core.options: the words, their order, and wrong ones."""

import itertools
import unittest

from standalone.core import options
from standalone.core.errors import UsageError
from standalone.core.options import Options


class ParseTest(unittest.TestCase):

    def test_one_order(self):
        for text, words, flavour, marks in (
                ("", "pgo+lto", "pgo+lto", ()),
                ("noopt", "noopt", "noopt", ("noopt",)),
                ("lto", "lto", "lto", ("lto",)),
                ("pgo", "pgo", "pgo", ("pgo",)),
                ("lto+gpl+pgo", "pgo+lto+gpl", "pgo+lto",
                 ("gpl",)),
                ("debug", "debug", "debug", ("debug",)),
                ("gpl", "pgo+lto+gpl", "pgo+lto", ("gpl",)),
                ("gpl+noopt", "noopt+gpl", "noopt", ("noopt", "gpl")),
                ("gpl+lto", "lto+gpl", "lto", ("lto", "gpl")),
                ("lto+lto", "lto", "lto", ("lto",)),
                ("debug+gpl", "debug+gpl", "debug", ("debug", "gpl")),
                ("freethreaded", "freethreaded+pgo+lto", "pgo+lto",
                 ("freethreaded",)),
                ("gpl+debug+freethreaded", "freethreaded+debug+gpl", "debug",
                 ("freethreaded", "debug", "gpl"))):
            with self.subTest(text):
                found = Options.parse(text)
                self.assertEqual(str(found), words)
                self.assertEqual(Options.parse(words), found)
                self.assertEqual(found.flavour, flavour)
                self.assertEqual(found.marks, marks)

    def test_with_flavour(self):
        for text, flavour, words in (
                ("", "noopt", "noopt"), ("gpl", "noopt", "noopt+gpl"),
                ("gpl+debug+freethreaded", "pgo+lto",
                 "freethreaded+pgo+lto+gpl")):
            self.assertEqual(
                str(Options.parse(text).with_flavour(flavour)), words)

    def test_every_combination(self):
        others = [word for word in options.WORDS
                  if word not in options.FLAVOURS]
        marks = set()
        # "instrumented" makes no archives.
        for flavour in (*(word for word in options.FLAVOURS
                          if word in options.PUBLIC), "pgo+lto"):
            for number in range(len(others) + 1):
                for more in itertools.combinations(others, number):
                    if {"freethreaded", "jit"} <= {*more}:
                        continue     # see test_jit_without_the_gil
                    found = Options.parse("+".join([*more, flavour]))
                    given = [*flavour.split("+"), *more]
                    self.assertEqual(str(found), "+".join(sorted(
                        given, key=options.WORDS.index)))
                    self.assertNotIn(found.marks, marks)
                    marks.add(found.marks)
                    for word in options.WORDS:
                        self.assertEqual(word in found,
                                         word in given)

    def test_words_of_python_json(self):
        for text, words in (("noopt", "noopt"), ("lto+gpl", "lto"),
                            ("gpl+lto+pgo", "pgo+lto"),
                            ("freethreaded", "freethreaded+pgo+lto"),
                            ("gpl+lto+freethreaded", "freethreaded+lto")):
            self.assertEqual(Options.parse(text).build_options, words)

    def test_versions(self):
        wanted = Options.parse("freethreaded+lto")
        for version in (3, 14), (3, 15), (4, 0):
            wanted.check(version)
        Options.parse("lto+gpl").check((3, 13))
        with self.assertRaises(UsageError) as caught:
            wanted.check((3, 13))
        self.assertEqual(
            caught.exception.message,
            "OPTIONS=freethreaded needs CPython 3.14 or newer, not 3.13")
        self.assertIn("PEP 703", caught.exception.hint)

    def test_jit(self):
        wanted = Options.parse("gpl+jit")
        self.assertEqual(str(wanted), "pgo+lto+jit+gpl")
        # python-build-standalone has no such word.
        self.assertEqual(wanted.build_options, "pgo+lto")
        self.assertEqual(wanted.marks, ("jit", "gpl"))
        wanted.check((3, 14))
        with self.assertRaisesRegex(UsageError, "needs CPython 3.14 or newer"):
            wanted.check((3, 13))

    def test_jit_without_the_gil(self):
        self.refused("jit+lto+freethreaded",
                     "OPTIONS=jit+lto+freethreaded has both jit and "
                     "freethreaded, which exclude each other")

    def test_internal(self):
        with self.assertRaises(UsageError) as caught:
            Options.parse("instrumented+gpl").check((3, 13))
        self.assertEqual(caught.exception.message, "OPTIONS=instrumented is "
                         "only for make standalone-train")

    def test_a_misspelt_word_is_not_just_absent(self):
        with self.assertRaises(ValueError):
            self.assertFalse("glp" in Options.parse("gpl"))

    def refused(self, text, message):
        with self.assertRaises(UsageError) as caught:
            Options.parse(text)
        self.assertEqual(caught.exception.message, message)
        self.assertEqual(
            caught.exception.hint,
            "known: freethreaded, noopt, pgo, lto, debug, jit, gpl; "
            "freethreaded, jit and gpl can be combined with the others, "
            "which exclude each other, except for pgo+lto")

    def test_unknown_words(self):
        for text, word in (("bolt", "bolt"), ("+", ""), ("lto+", ""),
                           ("lto+bolt", "bolt"), ("LTO", "LTO"),
                           ("lto gpl", "lto gpl"), ("z+lto+debug+a", "a")):
            self.refused(text, f"unknown OPTIONS {word!r}")

    def test_two_flavours(self):
        self.refused("debug+gpl+lto",
                     "OPTIONS=debug+gpl+lto has more than one flavour: "
                     "lto and debug")
        self.refused("lto+noopt",
                     "OPTIONS=lto+noopt has more than one flavour: "
                     "noopt and lto")
        self.refused("lto+pgo+debug",
                     "OPTIONS=lto+pgo+debug has more than one flavour: "
                     "pgo and lto and debug")

    def test_default(self):
        self.assertEqual(options.DEFAULT, "pgo+lto")
        for text in "", options.DEFAULT:
            self.assertEqual(str(Options.parse(text)), options.DEFAULT)
            self.assertEqual(Options.parse(text).marks, ())
        # A toolchain may have another one.
        self.assertEqual(str(Options.parse("gpl", options.PLAIN)),
                         "noopt+gpl")
        self.assertEqual(str(Options.parse("lto", options.PLAIN)), "lto")


if __name__ == "__main__":
    unittest.main()
