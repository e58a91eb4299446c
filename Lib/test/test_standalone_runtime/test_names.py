"""No name that Debian's build of the same feature version has is missing.

What is missing all the same is in missing.toml, with the reason.
"""

import fnmatch
import json
import platform
import sys
import tomllib
import unittest
from pathlib import Path

from test.test_standalone_runtime import names, tree

HERE = Path(__file__).parent
DEBIAN = HERE / f"debian-{tree.VERSION}.json"


def applies(entry):
    """Does an entry of missing.toml speak of this C library, CPython and
    build?"""
    def number(version):
        return [int(part) for part in version.split(".")[:2]]

    if entry.get("gpl", tree.GPL) != tree.GPL:
        return False
    if "added" in entry and not any(map(older, entry["added"])):
        return False
    before = entry.get("glibc", "").removeprefix("<")
    return not before or (
        number(platform.libc_ver()[1]) < number(before))


def older(version):
    """Is this an earlier CPython of the same feature version?

    A release candidate is earlier than the release.
    """
    numbers = tuple(map(int, version.split(".")))
    return (numbers[:2] == sys.version_info[:2]
            and sys.version_info < (*numbers, "final"))


@unittest.skipUnless(DEBIAN.exists(), f"no {DEBIAN.name} yet")
class NamesTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        debian = json.loads(DEBIAN.read_text(encoding="utf-8"))
        ours = names.names()
        cls.missing = {
            (group, name) for group, offered in debian["names"].items()
            for name in {*offered}.difference(ours.get(group, ()))}
        with open(HERE / "missing.toml", "rb") as file:
            cls.entries = list(filter(applies, tomllib.load(file)["missing"]))

    def excused(self, entry):
        return {(group, name) for group, name in self.missing
                if group == entry["group"] and any(
                    fnmatch.fnmatchcase(name, pattern)
                    for pattern in entry["names"])}

    def test_nothing_is_missing(self):
        left = self.missing.difference(*map(self.excused, self.entries))
        self.assertEqual(sorted(left), [])

    def test_every_excuse_is_needed(self):
        for entry in self.entries:
            with self.subTest(entry["group"], names=entry["names"]):
                self.assertTrue(self.excused(entry))
                self.assertTrue(entry["reason"])


class OlderNamesTests(unittest.TestCase):
    """What Debian 13 offers, and the newer Debian of the list does not."""

    def test_termios(self):
        """glibc 2.42 took NCC out of its headers."""
        import termios
        self.assertEqual(termios.NCC, 8)


if __name__ == "__main__":
    unittest.main()
