"""Tests of unpack.py with real archives, good and hostile."""

import io
import os
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.errors import FetchError, UsageError
from standalone.unpack import unpack


def member(name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mtime = 1_000_000_000
    for field, value in fields.items():
        setattr(info, field, value)
    return info, io.BytesIO(data)


class UnpackTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.dest = self.dir / "out" / "dep"

    def archive(self, *members, suffix="gz"):
        path = self.dir / "a.tar"
        with tarfile.open(path, f"w:{suffix}") as tar:
            for info, file in members:
                tar.addfile(info, file)
        return path

    def assertRefused(self, *members, named):
        good = member("top/good", b"good")
        archive = self.archive(good, *members)
        with self.assertRaises(FetchError) as caught:
            unpack(archive, self.dest)
        self.assertIn(named, caught.exception.message)
        self.assertIn(archive.name, caught.exception.message)
        self.assertNothingLeft()

    def assertNothingLeft(self):
        left = [path for path in self.dir.rglob("*") if path.is_file()]
        self.assertEqual([path.name for path in left], ["a.tar"])
        self.assertFalse(self.dest.exists())

    def test_every_compression(self):
        for suffix in "gz", "bz2", "xz":
            with self.subTest(suffix):
                unpack(self.archive(member("top/a/b", b"data"),
                                    suffix=suffix), self.dest)
                self.assertEqual((self.dest / "a/b").read_bytes(), b"data")

    def test_modes_and_mtimes(self):
        unpack(self.archive(
            member("top", type=tarfile.DIRTYPE, mode=0o700),
            member("top/configure", b"#!", mode=0o755),
            member("top/suid", mode=0o6755),
            member("top/open", mode=0o666, mtime=1_000_000_001, uid=12345)),
            self.dest)
        modes = {path.name: path.stat().st_mode & 0o7777
                 for path in self.dest.iterdir()}
        self.assertEqual(modes, {"configure": 0o755, "suid": 0o755,
                                 "open": 0o644})
        self.assertEqual((self.dest / "open").stat().st_mtime, 1_000_000_001)
        self.assertEqual((self.dest / "open").stat().st_uid, os.getuid())

    def test_links_inside_are_kept(self):
        unpack(self.archive(
            member("top/a/file", b"data"),
            member("top/b/soft", type=tarfile.SYMTYPE, linkname="../a/file"),
            member("top/hard", type=tarfile.LNKTYPE, linkname="top/a/file")),
            self.dest)
        self.assertEqual((self.dest / "b/soft").readlink(),
                         Path("../a/file"))
        self.assertEqual((self.dest / "hard").read_bytes(), b"data")

    def test_replaces_what_was_there_whole(self):
        self.dest.mkdir(parents=True)
        (self.dest / "old").touch()
        unpack(self.archive(member("top/new")), self.dest)
        self.assertEqual(os.listdir(self.dest), ["new"])
        self.assertEqual(os.listdir(self.dest.parent), ["dep"])

    def test_strip(self):
        unpack(self.archive(member("a/b/c", b"1")), self.dest, strip=2)
        self.assertEqual(os.listdir(self.dest), ["c"])
        unpack(self.archive(member("a/b/c", b"1")), self.dest, strip=0)
        self.assertEqual(os.listdir(self.dest), ["a"])

    def test_parent_directory(self):
        self.assertRefused(member("top/../../evil", b"1"),
                           named="'top/../../evil'")
        self.assertRefused(member("../top/evil", b"1"),
                           named="'../top/evil'")
        # Harmless once stripped, but no upstream packs that.
        self.assertRefused(member("top/a/../evil"), named="'top/a/../evil'")

    def test_absolute_name(self):
        target = f"{self.dir}/evil"
        self.assertRefused(member(target, b"1"), named=repr(target))

    def test_file_beside_the_folder(self):
        self.assertRefused(member("evil", b"1"), named="'evil'")

    def test_links_that_point_out(self):
        for kind in tarfile.SYMTYPE, tarfile.LNKTYPE:
            for target in "/etc/passwd", "../../outside", "top/../../x":
                with self.subTest(kind=kind, target=target):
                    self.assertRefused(
                        member("top/evil", type=kind, linkname=target),
                        named="evil" if kind == tarfile.SYMTYPE else target)

    def test_member_through_a_link_that_points_out(self):
        self.assertRefused(
            member("top/d", type=tarfile.SYMTYPE, linkname=".."),
            member("top/d/evil", b"1"), named="d")

    def test_devices(self):
        for kind in tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE:
            with self.subTest(kind):
                self.assertRefused(member("top/evil", type=kind),
                                   named="'evil'")

    def test_damaged_archives(self):
        for suffix in "gz", "bz2", "xz":
            archive = self.archive(member("top/a", os.urandom(100_000)),
                                   suffix=suffix)
            whole = archive.read_bytes()
            for data in b"", b"<html>", whole[:50_000]:
                with self.subTest(suffix, length=len(data)):
                    archive.write_bytes(data)
                    with self.assertRaisesRegex(FetchError,
                                                "no whole archive"):
                        unpack(archive, self.dest)
                    self.assertNothingLeft()

    def test_old_destination_survives_a_refused_archive(self):
        self.dest.mkdir(parents=True)
        (self.dest / "old").touch()
        with self.assertRaises(FetchError):
            unpack(self.archive(member("../evil")), self.dest)
        self.assertEqual(os.listdir(self.dest), ["old"])

    def test_destination_that_cannot_be_written(self):
        self.dest.parent.write_text("a file where a directory would be")
        with self.assertRaisesRegex(FetchError, "cannot unpack"):
            unpack(self.archive(member("top/a")), self.dest)

    def test_python_without_the_filter(self):
        with mock.patch.object(tarfile, "data_filter"):
            del tarfile.data_filter
            with self.assertRaises(UsageError) as caught:
                unpack(self.archive(member("top/a")), self.dest)
        self.assertIn("3.11.4", caught.exception.hint)


if __name__ == "__main__":
    unittest.main()
