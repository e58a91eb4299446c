"""Test archives.writer, with GNU tar, zstd and sha256sum as judges."""

import hashlib
import os
import random
import resource
import shutil
import sys
import tarfile
import unittest
from unittest import mock

from standalone.archives import writer
from standalone.archives.mounts import Mount
from standalone.archives.writer import Spec
from standalone.core.errors import BuildError, UsageError

from . import children
from .writing import EPOCH, FILES, LONG, UMLAUT, ArchiveTestCase, contents, lay


class Bytes(ArchiveTestCase):


    def sums(self, tree):
        return [item.sha256 for item in self.write(Mount(tree))]

    def test_independent_of_order_umask_mtime_and_place(self):
        one = lay(self.dir / "one", FILES)
        backwards = dict(reversed(FILES.items()))
        two = lay(self.dir / "two" / "ä b", backwards, umask=0o077)
        for path in two.rglob("*"):
            if not path.is_symlink():
                os.utime(path, (1, 1))
        (two / "lib/a.py").unlink()
        os.link(lay(self.dir, {"elsewhere": "a"}) / "elsewhere",
                two / "lib/a.py")
        self.assertEqual(self.sums(one), self.sums(two))
        (two / "lib/a.py").write_text("b")
        self.assertNotEqual(self.sums(one), self.sums(two))

    def test_independent_of_locale(self):
        tree = lay(self.dir / "tree", FILES)
        script = (
            "import sys\n"
            "from pathlib import Path\n"
            "from standalone.archives.writer import *\n"
            "spec = Spec('python-a', (Mount(Path(sys.argv[1])),),\n"
            "            {'gz': 1, 'zst': 3})\n"
            "for item in archive([spec], Path(sys.argv[2]), int("
            "sys.argv[3])):\n"
            "    print(item.sha256)\n")
        env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "1",
               "PYTHONCOERCECLOCALE": "0", "TZ": "Asia/Tokyo",
               "PYTHONPATH": os.pathsep.join(sys.path)}
        done = children.run(
            [sys.executable, "-c", script, tree, self.dir / "c", str(EPOCH)],
            env=env, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(), self.sums(tree))

    def test_independent_of_cores(self):
        # Enough for several of zstd's jobs, and not just stored.
        data = random.Random(1).randbytes(10_000_000).hex()
        tree = lay(self.dir / "tree", {"data": data})
        spec = Spec("python-a", (Mount(tree),), {"zst": 9})
        sums = set()
        for cores in 1, 2, 5:
            with mock.patch.object(writer, "_cores", return_value=cores):
                sums.add(writer.archive([spec], self.out, 0)[0].sha256)
        self.assertEqual(len(sums), 1)

    def test_members(self):
        tree = lay(self.dir / "tree", FILES)
        (tree / "lib/a.py").chmod(0o4600)
        found = self.read(Mount(tree))
        self.assertEqual(list(found), sorted(found))
        self.assertEqual(
            {(m.uid, m.gid, m.uname, m.gname, m.mtime)
             for m in found.values()}, {(0, 0, "", "", EPOCH)})
        self.assertEqual(
            {name: (found[name].type, found[name].mode) for name in
             ("bin", "bin/python3.13", "bin/python3", "lib/a.py", LONG)},
            {"bin": (tarfile.DIRTYPE, 0o755),
             "bin/python3.13": (tarfile.REGTYPE, 0o755),
             "bin/python3": (tarfile.SYMTYPE, 0o777),
             "lib/a.py": (tarfile.REGTYPE, 0o644),
             LONG: (tarfile.REGTYPE, 0o644)})
        self.assertEqual(found["bin/python3"].linkname, "python3.13")
        self.assertIn(UMLAUT, found)

    def test_hard_links_become_files(self):
        tree = lay(self.dir / "tree", {"a": "same"})
        os.link(tree / "a", tree / "b")
        found = self.read(Mount(tree))
        self.assertEqual([(m.type, m.size) for m in found.values()],
                         [(tarfile.REGTYPE, 4)] * 2)

    def test_both_compressions_of_one_tar(self):
        tree = lay(self.dir / "tree", FILES)
        packed_gz, packed_zst = self.write(Mount(tree))
        self.assertEqual(contents(packed_gz.path), contents(packed_zst.path))
        # RFC 1952: no flags, so no name; mtime 0; unknown system.
        header = packed_gz.path.read_bytes()[:10]
        # No name, no time; then the effort, and an unknown system.
        self.assertEqual(header[:8], b"\x1f\x8b\x08\0" + bytes(4))
        self.assertEqual(header[9:], b"\xff")
        for item in packed_gz, packed_zst:
            data = item.path.read_bytes()
            self.assertEqual(item.size, len(data))
            self.assertEqual(item.sha256, hashlib.sha256(data).hexdigest())

    @unittest.skipUnless(shutil.which("zstd") and shutil.which("tar"),
                         "needs zstd and tar")
    def test_unpacked_by_others(self):
        tree = lay(self.dir / "tree", FILES)
        for item in self.write(Mount(tree)):
            there = self.dir / f"unpacked{item.path.suffix}"
            there.mkdir()
            tool = {".gz": "gzip", ".zst": "zstd"}[item.path.suffix]
            plain = children.run([tool, "-dc", item.path],
                                 capture_output=True, check=True).stdout
            children.run(["tar", "xC", there], input=plain, check=True)
            children.run(["diff", "-r", "--no-dereference", tree,
                          there / "python"], check=True)

    @unittest.skipUnless(shutil.which("busybox"), "needs busybox")
    def test_unpacked_by_busybox(self):
        tree = lay(self.dir / "tree", FILES)
        item = self.write(Mount(tree))[0]
        children.run(["busybox", "tar", "xzf", item.path],
                     cwd=self.dir, check=True)
        children.run(["diff", "-r", tree, self.dir / "python"], check=True)


class Output(ArchiveTestCase):

    def setUp(self):
        super().setUp()
        self.tree = lay(self.dir / "tree", {"a": "a"})

    def listing(self):
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def test_sums_cover_older_archives(self):
        self.write(Mount(self.tree), name="python-3.13.5-b")
        self.write(Mount(self.tree), name="python-3.13.15-b")
        (self.out / "notes.txt").write_text("")
        self.write(Mount(self.tree), name="python-3.13.15-a", epoch=1)
        lines = (self.out / "SHA256SUMS").read_text().splitlines()
        names = [line.split("  ")[1] for line in lines]
        self.assertEqual(names, sorted(
            path.name for path in self.out.glob("python-*")))
        self.assertEqual(len(names), 6)
        children.run(["sha256sum", "--check", "--strict", "--quiet",
                      "SHA256SUMS"], cwd=self.out, check=True)

    def test_signatures_of_other_bytes_go(self):
        archives = self.write(Mount(self.tree), name="python-a")
        for name in archives[0].path.name, "python-b.tar.gz", "SHA256SUMS":
            (self.out / f"{name}.asc").write_text("")
            (self.out / f"{name}.sigstore").write_text("")
        self.write(Mount(self.tree), name="python-a")
        self.assertEqual(
            {name for name in self.listing() if "tar.gz." in name},
            {"python-b.tar.gz.asc", "python-b.tar.gz.sigstore"})
        self.assertNotIn("SHA256SUMS.asc", self.listing())
        self.assertNotIn("python-b", (self.out / "SHA256SUMS").read_text())

    def test_read_only_out(self):
        self.write(Mount(self.tree))
        before = self.listing()
        self.dir.chmod(0o755)
        self.out.chmod(0o555)
        self.addCleanup(self.out.chmod, 0o755)
        if not os.geteuid():     # root may write anywhere
            os.seteuid(65534)
            self.addCleanup(os.seteuid, 0)
        with self.assertRaises(UsageError) as caught:
            self.write(Mount(self.tree), epoch=1)
        self.assertIn(str(self.out), caught.exception.message)
        self.assertIn("Permission denied", caught.exception.message)
        self.assertEqual(self.listing(), before)

    def test_out_below_a_file(self):
        self.out = self.tree / "a" / "dist"
        with self.assertRaisesRegex(UsageError, "Not a directory"):
            self.write(Mount(self.tree))

    def test_no_room(self):
        # A limit stops the write as a full disk does, with another errno.
        self.write(Mount(self.tree), name="python-a")
        before = self.listing()
        (self.tree / "big").write_bytes(random.Random(1).randbytes(3_000_000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            with self.assertRaises(BuildError) as caught:
                self.write(Mount(self.tree), name="python-a")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.assertEqual(caught.exception.message,
                         "cannot write python-a: File too large")
        self.assertEqual(self.listing(), before)

    def test_all_or_none(self):
        self.write(Mount(self.tree), name="python-a")
        before = self.listing()
        specs = [Spec("python-a", (Mount(self.tree),), {"gz": 1}),
                 Spec("python-b", (Mount(self.dir / "x"),), {"gz": 1})]
        with self.assertRaises(BuildError):
            writer.archive(specs, self.out, 1)
        self.assertEqual(self.listing(), before)

    def test_other_formats(self):
        """They are of the whole, and in the sums; or nothing is."""
        specs = [Spec("python-a", (Mount(self.tree),), {"gz": 1})]
        seen = []
        made = writer.archive(
            specs, self.out, 1,
            lambda archives, sums: seen.extend(sums) or {},
            {"cpython-a.pybi": lambda path: path.write_bytes(b"a")})
        names = ["python-a.tar.gz", "cpython-a.pybi"]
        self.assertEqual([item.path.name for item in made], names)
        self.assertEqual(sorted(seen), sorted(names))
        self.assertIn(
            f"{hashlib.sha256(b'a').hexdigest()}  cpython-a.pybi\n",
            (self.out / "SHA256SUMS").read_text())
        before = self.listing()
        with self.assertRaisesRegex(BuildError, "cannot write cpython-b"):
            writer.archive(specs, self.out, 2, writers={
                "cpython-b": lambda path: (path / "x").write_bytes(b"")})
        self.assertEqual(self.listing(), before)

    def test_left_by_a_killed_run(self):
        lay(self.out, {".archives.partial/python-a.tar.gz": "half"})
        self.write(Mount(self.tree))
        self.assertEqual(sorted(self.listing()), [
            "SHA256SUMS", "python-a.tar.gz", "python-a.tar.zst"])


if __name__ == "__main__":
    unittest.main()
