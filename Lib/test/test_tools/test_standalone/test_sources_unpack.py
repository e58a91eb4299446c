"""Test sources.unpack with real archives, good and hostile."""

import io
import os
import random
import stat
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from standalone.core.errors import FetchError, UsageError
from standalone.sources.unpack import read_members, read_text, unpack


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

    def test_one_text(self):
        archive = self.archive(member("top/a", b"no"),
                               member("top/doc/a", "Größe".encode()))
        self.assertEqual(read_text(archive, "doc/a"), "Größe")
        with self.assertRaisesRegex(FetchError, "a.tar has no doc/b"):
            read_text(archive, "doc/b")

    def test_members(self):
        archive = self.archive(
            member("./debian/a", b"\xff"), member("debian/b", b"b"),
            member("debian/c", type=tarfile.SYMTYPE, linkname="a"))
        self.assertEqual(read_members(archive, ["debian/a", "debian/b"]),
                         {"debian/a": b"\xff", "debian/b": b"b"})
        for name in "debian/c", "debian", "a":
            with self.assertRaisesRegex(FetchError, f"a.tar has no {name}"):
                read_members(archive, ["debian/b", name])
        archive.write_bytes(archive.read_bytes()[:60])
        with self.assertRaisesRegex(FetchError, "damaged or incomplete"):
            read_members(archive, ["debian/b"])

    def test_every_compression(self):
        for suffix in "gz", "bz2", "xz":
            with self.subTest(suffix):
                unpack(self.archive(member("top/a/b", b"data"),
                                    suffix=suffix), self.dest)
                self.assertEqual((self.dest / "a/b").read_bytes(), b"data")

    def deb(self, **members):
        """A Debian package, https://man7.org/linux/man-pages/man5/deb.5.html"""
        path = self.dir / "a.tar"
        path.write_bytes(b"!<arch>\n" + b"".join(
            b"%-16s%-12d%-6d%-6d%-8o%-10d`\n%s%s" % (
                name.replace("_", ".").encode(), 0, 0, 0, 0o100644,
                len(data), data, b"\n" * (len(data) % 2))
            for name, data in members.items()))
        return path

    def test_debian_packages(self):
        data = self.archive(
            member("./", type=tarfile.DIRTYPE),
            member("./usr", type=tarfile.DIRTYPE),
            member("./usr/include/x.h", b"data"), suffix="xz").read_bytes()
        unpack(self.deb(**{"debian-binary": b"2.0", "control_tar_xz": b"x",
                           "data_tar_xz": data}), self.dest)
        self.assertEqual((self.dest / "include/x.h").read_bytes(), b"data")

    def test_damaged_debian_packages(self):
        data = self.archive(member("./usr/x", b"x" * 999)).read_bytes()
        whole = self.deb(data_tar_gz=data).read_bytes()
        for damaged in (whole[:-20], whole[:50], whole[:8],
                        whole.replace(b"data.tar", b"atad.tar"),
                        whole.replace(b"`\n", b"``")):
            (self.dir / "a.tar").write_bytes(damaged)
            with self.subTest(len(damaged)), \
                    self.assertRaises(FetchError):
                unpack(self.dir / "a.tar", self.dest)
            self.assertNothingLeft()

    def test_a_hostile_debian_package(self):
        data = self.archive(member("../usr/x", b"x")).read_bytes()
        with self.assertRaises(FetchError):
            unpack(self.deb(data_tar_gz=data), self.dest)
        self.assertNothingLeft()

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
                                                "damaged or incomplete"):
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


class WheelTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.dest = self.dir / "out" / "dep"
        self.wheel = self.dir / "demo-1.0-py3-none-any.whl"

    def pack(self, *members, **options):
        """Members are names, or names with a mode."""
        with zipfile.ZipFile(self.wheel, "w", **options) as file:
            for member in members:
                name, mode = (member, 0) if isinstance(member, str) else (
                    member)
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                file.writestr(info, f"data of {name}",
                              options.get("compression"))
        return self.wheel

    def assertRefused(self, named):
        with self.assertRaises(FetchError) as caught:
            unpack(self.wheel, self.dest)
        self.assertIn(named, caught.exception.message)
        self.assertIn(self.wheel.name, caught.exception.message)
        left = [path for path in self.dir.rglob("*") if path.is_file()]
        self.assertEqual(left, [self.wheel])
        self.assertFalse(self.dest.exists())

    def test_files(self):
        for compression in zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED:
            # Through a link without its suffix, as the deps stage does.
            link = self.dir / "demo"
            link.unlink(missing_ok=True)
            link.symlink_to(self.pack("demo/", "demo/a/b", "top",
                                      compression=compression))
            unpack(link, self.dest)
            self.assertEqual(
                {path.relative_to(self.dest).as_posix(): path.read_text()
                 for path in self.dest.rglob("*") if path.is_file()},
                {"demo/a/b": "data of demo/a/b", "top": "data of top"})
            self.assertEqual(os.listdir(self.dest.parent), ["dep"])

    def test_modes_are_always_the_same(self):
        self.pack(("dir/", stat.S_IFDIR | 0o777), ("none", 0),
                  ("program", stat.S_IFREG | 0o755),
                  ("dir/suid", stat.S_IFREG | 0o6777),
                  ("unreadable", stat.S_IFREG))
        old = os.umask(0o077)
        self.addCleanup(os.umask, old)
        unpack(self.wheel, self.dest)
        self.assertEqual(
            {path.name: path.stat().st_mode & 0o7777
             for path in self.dest.rglob("*") if path.is_file()},
            dict.fromkeys(("none", "program", "suid", "unreadable"), 0o644))

    def test_names_that_lead_out(self):
        for name in ("../evil", "a/../../evil", "a/../evil",
                     f"{self.dir}/evil", "/evil", "."):
            with self.subTest(name):
                self.pack("good", name)
                self.assertRefused(repr(name))

    def test_links_and_devices(self):
        for kind in stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO:
            with self.subTest(kind):
                self.pack("good", ("evil", kind | 0o777))
                self.assertRefused("'evil'")

    def test_compression_that_few_can_unpack(self):
        self.pack("odd", compression=zipfile.ZIP_LZMA)
        self.assertRefused("'odd'")

    def test_encrypted(self):
        self.pack("secret")
        data = bytearray(self.wheel.read_bytes())
        for header, flags in (b"PK\3\4", 6), (b"PK\1\2", 8):
            data[data.index(header) + flags] |= 1
        self.wheel.write_bytes(data)
        self.assertRefused("'secret'")

    def test_name_twice_or_file_for_a_directory(self):
        for names in ("a", "./a"), ("a", "a/b"), ("a/b", "a"):
            with self.subTest(names):
                self.pack(*names)
                self.assertRefused("cannot unpack")

    def test_damaged(self):
        with zipfile.ZipFile(self.wheel, "w") as file:
            file.writestr("a", random.Random(1).randbytes(100_000))
        whole = self.wheel.read_bytes()
        flipped = bytearray(whole)
        flipped[50_000] ^= 1
        for data in (whole[:50_000], whole[:-30], flipped, whole[:4],
                     whole[4:]):
            with self.subTest(length=len(data)):
                self.wheel.write_bytes(data)
                self.assertRefused("damaged or incomplete")


if __name__ == "__main__":
    unittest.main()
