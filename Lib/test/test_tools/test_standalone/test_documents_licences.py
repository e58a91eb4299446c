"""Test documents.licences: texts, the summary, and what has no licence."""

import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import ValidationError
from standalone.documents import licences
from standalone.documents.components import AppliedPatch, Component

ZLIB = Component("zlib", "1.3.1", "Zlib",
                 ("bin/python3.13", "lib/debug", "build/lib/libz.a"),
                 patches=(AppliedPatch("a.patch", "0" * 64, "x"),
                          AppliedPatch("zlib/b.patch", "1" * 64, "y")))
UNICODE = Component("cpython/unicode", "", "Unicode-3.0 OR MIT",
                    ("lib/a.so", "lib/b.so"))
SUMMARY = """\
The components of this Python distribution, their licences and locations.
The licence texts are in the directories next to this file.

zlib 1.3.1
    licence  Zlib
    text     zlib/LICENSE
    patch    a.patch
             zlib/b.patch
    in       bin/python3.13

cpython/unicode
    licence  Unicode-3.0 OR MIT
    text     cpython/unicode/A
             cpython/unicode/B
    in       lib/a.so
             lib/b.so

"""


class LicencesTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def assertInvalid(self, component, texts, words):
        with self.assertRaises(ValidationError) as caught:
            licences.write(self.dir, {component: texts})
        self.assertEqual(caught.exception.message, words)
        self.assertEqual(caught.exception.exit_code, 5)
        return caught.exception.hint

    def test_written(self):
        licences.write(self.dir, {ZLIB: {"LICENSE": "Größe"},
                                  UNICODE: {"A": "a", "B": "b"}})
        self.assertEqual((self.dir / "zlib/LICENSE").read_text("utf-8"),
                         "Größe")
        self.assertEqual((self.dir / "cpython/unicode/B").read_text(), "b")
        self.assertEqual((self.dir / "SUMMARY.txt").read_text(), SUMMARY)

    def test_component_without_a_text(self):
        self.assertInvalid(ZLIB, {}, "zlib 1.3.1 has no licence text")

    def test_component_without_a_licence(self):
        for expression in "", "Foo-1.0", "MIT AND", "The MIT license":
            with self.subTest(expression):
                self.assertInvalid(
                    Component("x", "1", expression, ()), {"LICENSE": "x"},
                    f"the licence of x is not a valid SPDX expression: "
                    f"{expression!r}")

    def test_licence_in_other_words(self):
        hint = self.assertInvalid(
            Component("x", "1", "mit or zlib", ()), {"LICENSE": "x"},
            "the licence of x is 'mit or zlib', which is not the "
            "canonical spelling")
        self.assertEqual(hint, "use MIT OR Zlib")

    def test_exceptions(self):
        licences.check("x", "LGPL-2.1-or-later WITH GCC-exception-2.0-note")


if __name__ == "__main__":
    unittest.main()
