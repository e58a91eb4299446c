"""Test sources.patching: the patches in an archive such as Debian's."""

import hashlib
import unittest
from dataclasses import replace

from standalone.core.errors import FetchError

from .patches import LINES, SERIES, PatchingTest, diff, edited


class SeriesTest(PatchingTest):

    def setUp(self):
        super().setUp()
        a, b, c = (edited(LINES, 20, f"{text}\n") for text in "abc")
        self.members = {"one": diff(LINES, a), "two": diff(a, b),
                        "three": diff(b, c), "paths": "no patch\n"}
        self.result = {"doc/text": "".join(c)}

    def test_series(self):
        listed = "# Debian's\npaths -p1\n\none\ntwo # more\nthree -p1\n"
        self.apply(self.archive(self.members, "one", "two", "three",
                                omitted=("paths",), listed=listed))
        self.assertEqual(self.contents(), self.result)

    def test_list(self):
        """Without a series, the order is that of the pin."""
        self.apply(self.archive(self.members, "one", "two", "three"))
        self.assertEqual(self.contents(), self.result)
        self.write("doc/text", "".join(LINES))
        self.fails(self.archive(self.members, "two", "one", "three"),
                   words=["debian/patches/two"])

    def test_two_archives_and_a_file(self):
        [ours] = self.files(two=self.members["two"])
        self.apply(self.archive(self.members, "one"), ours,
                   self.archive(self.members, "three", number=3))
        self.assertEqual(self.contents(), self.result)

    def test_series_differs(self):
        for listed, applied, omitted, words in (
                ("one\ntwo\nnew\n", ("one", "two"), (),
                 "new is neither in `members` nor in `omit`"),
                ("one\n", ("one", "two"), (), f"two is not in {SERIES}"),
                ("one\n", ("one",), ("two",), f"two is not in {SERIES}"),
                ("two\none\n", ("one", "two"), (), "another order"),
                ("one -p0\n", ("one",), (), "one has the options -p0")):
            with self.subTest(words):
                self.fails(self.archive(self.members, *applied,
                                        omitted=omitted, listed=listed),
                           words=[words], error=FetchError)

    def test_missing_member(self):
        exc = self.fails(
            self.archive(self.members, "one", "four", listed="one\nfour\n"),
            words=["has no debian/patches/four"], error=FetchError)
        self.assertEqual(exc.exit_code, 3)
        series = self.archive(self.members, "one")
        self.fails(replace(series, series=SERIES),
                   words=["has no", SERIES], error=FetchError)

    def test_another_hash(self):
        series = self.archive(self.members, "one", listed="one\n")
        [patch] = series.patches
        wrong = replace(series, patches=(replace(patch, sha256="0" * 64),))
        self.fails(wrong, words=["one refused", "0" * 64, patch.sha256],
                   error=FetchError)
        other = replace(series.archive, sha256="0" * 64)
        self.fails(replace(series, archive=other), error=FetchError,
                   words=["dep-patches-1 refused", "0" * 64,
                          series.archive.sha256])
        [ours] = self.files(a=self.members["one"])
        (self.ours / "a.patch").write_text("edited\n")
        self.fails(ours, words=["a.patch refused"], error=FetchError)
        (self.ours / "a.patch").unlink()
        self.fails(ours, words=["cannot read the patch", "a.patch"],
                   error=FetchError)

    def test_no_archive(self):
        series = self.archive(self.members, "one")
        (self.fetched / "dep-patches-1").unlink()
        self.fails(series, error=FetchError,
                   words=["cannot read the patches", "dep-patches-1"])

    def test_damaged_archive(self):
        series = self.archive(self.members, "one", listed="one\n")
        path = self.fetched / "dep-patches-1"
        path.write_bytes(path.read_bytes()[:200])
        damaged = replace(series.archive, sha256=hashlib.sha256(
            path.read_bytes()).hexdigest())
        self.fails(replace(series, archive=damaged),
                   words=["damaged or incomplete"], error=FetchError)


if __name__ == "__main__":
    unittest.main()
