"""Test pipeline.dependency_cache: entries that builds keep and copy."""

import os
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from standalone.core import layout
from standalone.pipeline import dependency_cache

DAY = 24 * 60 * 60


def contents(top):
    """The files below *top*: path → contents, or the target of a link."""
    return {str(path.relative_to(top)):
            os.readlink(path) if path.is_symlink() else path.read_bytes()
            for path in top.rglob("*")
            if path.is_symlink() or not path.is_dir()}


class CacheTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.now = time.time()
        self.cache = self.top / "cache" / "deps"
        self.entry = dependency_cache.entry(self.cache, "zlib", "a key")
        self.made = self.top / "made"
        (self.made / "lib").mkdir(parents=True)
        (self.made / "lib" / "libz.a").write_bytes(b"!<arch>\n")
        (self.made / "lib" / "tool").write_text("#!/bin/sh\n")
        (self.made / "lib" / "tool").chmod(0o755)
        (self.made / "lib" / "link.a").symlink_to("libz.a")

    def restore(self, name="copy"):
        copy = self.top / name
        copy.mkdir()
        return dependency_cache.restore(self.entry, copy), copy

    def keep(self):
        dependency_cache.keep(self.made, self.entry)

    def age(self, path, days):
        os.utime(path, (self.now - days * DAY,) * 2)

    def names(self):
        return {path.name for path in self.cache.iterdir()}

    def test_copies(self):
        self.keep()
        found, copy = self.restore()
        self.assertTrue(found)
        self.assertEqual(contents(copy), contents(self.made))
        self.assertEqual((copy / "lib/tool").stat().st_mode & 0o777, 0o755)
        # What happens to a copy does not affect others.
        (copy / "lib" / "libz.a").write_bytes(b"changed")
        found, other = self.restore("other")
        self.assertTrue(found)
        self.assertEqual(contents(other), contents(self.made))
        self.assertEqual(self.names(), {self.entry.name})

    def test_entries(self):
        self.keep()
        for name, wanted in ("zlib", "another key"), ("xz", "a key"):
            other = dependency_cache.entry(self.cache, name, wanted)
            self.assertNotEqual(other, self.entry)
        self.assertTrue(self.entry.name.startswith("zlib-"))

    def test_nothing_kept(self):
        found, copy = self.restore()
        self.assertFalse(found)
        self.assertEqual(list(copy.iterdir()), [])
        self.assertFalse(self.cache.exists())

    def test_damaged(self):
        def truncated():
            (self.entry / "tree/lib/libz.a").write_bytes(b"")

        def incomplete():
            (self.entry / "tree/lib/libz.a").unlink()

        def added():
            (self.entry / "tree/lib/libother.a").write_bytes(b"")

        def without_hash():
            (self.entry / "sha256").unlink()

        for number, damage in enumerate(
                (truncated, incomplete, added, without_hash)):
            with self.subTest(damage.__name__):
                self.keep()
                damage()
                found, copy = self.restore(f"damaged-{number}")
                self.assertFalse(found)
                self.assertEqual(list(copy.iterdir()), [])
                # The build that follows replaces the entry.
                self.keep()
                self.assertTrue(self.restore(f"good-{number}")[0])
        self.assertEqual(self.names(), {self.entry.name})

    def test_builds_at_once(self):
        with ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(self.keep) for _ in range(24)]:
                future.result()
        self.assertTrue(self.restore()[0])
        self.assertEqual(self.names(), {self.entry.name})

    def test_cannot_write(self):
        self.top.joinpath("cache").write_text("not a directory\n")
        self.keep()
        self.assertFalse(self.restore()[0])

    def test_no_space(self):
        with mock.patch("shutil.copytree", side_effect=OSError(28, "full")):
            self.keep()
        self.assertEqual(self.names(), set())

    def test_prune(self):
        self.keep()
        used = dependency_cache.entry(self.cache, "used", "a key")
        dependency_cache.keep(self.made, used)
        killed = self.cache / ".partial-killed"
        running = self.cache / ".partial-running"
        for path in killed, running:
            path.mkdir()
        self.age(self.entry, 31)
        self.age(used, 29)
        self.age(killed, 1)
        self.age(running, 0)
        dependency_cache.prune(self.cache, self.now)
        self.assertEqual(self.names(), {used.name, running.name})

    def test_another_clock(self):
        """A build that runs under faketime prunes nothing of others."""
        used = dependency_cache.entry(self.cache, "used", "a key")
        dependency_cache.keep(self.made, used)
        running = self.cache / ".partial-running"
        running.mkdir()
        with mock.patch("time.time", return_value=self.now + 400 * DAY):
            self.keep()
        self.assertEqual(self.names(),
                         {self.entry.name, used.name, running.name})

    def test_two_remove_the_same(self):
        killed = self.cache / ".partial-killed"
        killed.mkdir(parents=True)
        self.age(killed, 1)
        with mock.patch.object(dependency_cache.stamp, "remove",
                               side_effect=FileNotFoundError):
            self.keep()
        self.assertTrue(self.restore()[0])

    def test_use_is_recorded(self):
        self.keep()
        self.age(self.entry, 31)
        self.assertTrue(self.restore()[0])
        dependency_cache.prune(self.cache, self.now)
        self.assertEqual(self.names(), {self.entry.name})

    def test_place(self):
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": "/cache"}):
            self.assertEqual(layout.built_dependencies(),
                             Path("/cache/cpython-standalone/deps"))


if __name__ == "__main__":
    unittest.main()
