"""Test profile.store: which profile a build gets, and damaged ones."""

import json
import lzma
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.options import Options, Variant
from standalone.profile import store

from .test_profile_fit import FACTS

PGO = Options.parse("pgo+lto")
NOGIL = Options.parse("freethreaded+pgo")
DATA = b"\xfflprofi\x81" + bytes(range(256)) * 8


class StoreTests(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name) / "data"

    def save(self, minor, options=PGO):
        return store.save(DATA, minor, options, FACTS, self.dir)

    def find(self, minor, options=PGO):
        return store.find(minor, options, self.dir)

    def test_round_trip(self):
        path = self.save((3, 13))
        found = self.find((3, 13))
        self.assertEqual((found.minor, path.name), ((3, 13), "3.13.json"))
        self.assertEqual(found.read(), DATA)
        # `overlay diff` and `overlay series` write it to patches.
        self.assertRegex(found.path.read_text("ascii"),
                         r"\A(?:[A-Za-z0-9+/=]{1,76}\n)+\Z")
        self.assertEqual(replace(found.facts, sha256=FACTS.sha256), FACTS)
        self.assertEqual({entry.name for entry in self.dir.iterdir()},
                         {"3.13.json", "3.13.profdata.xz.b64"})

    def test_nearest(self):
        for minor in (3, 13), (3, 14), (3, 15):
            self.save(minor)
        for wanted, got in (((3, 12), (3, 13)), ((3, 14), (3, 14)),
                            ((3, 16), (3, 15)), ((4, 0), (3, 13))):
            self.assertEqual(self.find(wanted).minor, got)

    def test_without_the_gil(self):
        self.save((3, 14))
        with self.assertRaisesRegex(UsageError, "no profile is stored"):
            self.find((3, 14), NOGIL)
        self.save((3, 15), NOGIL)
        self.assertEqual(self.find((3, 14), NOGIL).path.name,
                         "3.15-freethreaded.profdata.xz.b64")
        self.assertEqual(self.find((3, 14)).path.name, "3.14.profdata.xz.b64")

    def test_only_for_pgo(self):
        for text in "noopt", "lto", "debug+gpl", "instrumented":
            variant = Variant((3, 13), Options.parse(text))
            self.assertIsNone(store.wanted(variant))
            self.assertEqual(store.key(variant), "")

    def refused(self, why, profile):
        with self.assertRaisesRegex(UsageError, why) as caught:
            profile.read()
        self.assertIn("standalone-train", caught.exception.hint)

    def test_damaged(self):
        self.save((3, 13))
        profile = self.find((3, 13))
        whole = profile.path.read_bytes()
        for cut in 0, 1, len(whole) // 2, len(whole) - 1:
            profile.path.write_bytes(whole[:cut])
            self.refused("truncated or was replaced", profile)
        profile.path.write_bytes(lzma.compress(b"another"))
        self.refused("truncated or was replaced", profile)
        profile.path.unlink()
        self.refused("is missing", profile)

    def test_damaged_description(self):
        path = self.save((3, 13))
        whole = path.read_text()
        for text in ("", whole[:40], "[]", "{}", json.dumps(
                json.loads(whole) | {"more": 1})):
            path.write_text(text)
            with self.assertRaisesRegex(UsageError, "does not describe"):
                self.find((3, 13))

    def test_another_llvm(self):
        self.save((3, 13))
        profile = self.find((3, 13))
        profile.check_compiler("clang version 22.9.0 (https://x)\nTarget: y")
        for version in "Debian clang version 19.1.7", "gcc 12":
            with self.assertRaises(UsageError) as caught:
                profile.check_compiler(version)
            self.assertIn("made with clang 22", caught.exception.message)
            self.assertIn("default TOOLCHAIN", caught.exception.hint)


class StoredProfiles(unittest.TestCase):
    """The profiles of this repository."""

    def test_intact(self):
        found = sorted(store.DATA.glob("*.json"))
        self.assertTrue(found)
        for description in found:
            with self.subTest(description.name):
                profile = store.load((3, 0), description)
                profile.check()
                self.assertLess(profile.path.stat().st_size, 1 << 20)
                self.assertTrue(description.name.startswith(
                    ".".join(profile.facts.cpython.split(".")[:2])))
        self.assertEqual(len(list(store.DATA.iterdir())), 2 * len(found))


if __name__ == "__main__":
    unittest.main()
