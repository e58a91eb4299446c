"""Test archives.writer, with GNU tar, zstd and sha256sum as judges."""

import gzip
import hashlib
import io
import os
import random
import resource
import shutil
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import zstandard

from standalone import request
from standalone.archives import writer
from standalone.archives.mounts import Mount, members
from standalone.archives.writer import Spec
from standalone.core.errors import BuildError, UsageError

from . import children

EPOCH = 1_700_000_000
LONG = "lib/" + "/".join(["long" * 10] * 4) + "/module.py"
UMLAUT = "lib/Größe.py"
NAME = "python-3.13.15-x86_64-unknown-linux-gnu"
FILES = {
    "bin/python3.13": "x" * 5000, "bin/python3": Path("python3.13"),
    "lib/a.py": "a", "lib/a/b.py": "b", "lib-x/c.py": "c",
    LONG: "long", UMLAUT: "umlaut",
}


def lay(root, files, *, umask=0o022):
    """Make *files*: path → text, or path → Path for a symlink."""
    before = os.umask(umask)
    try:
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                target.symlink_to(content)
            else:
                target.write_text(content)
                if path.startswith("bin/"):
                    target.chmod(0o777 & ~umask)
    finally:
        os.umask(before)
    return root


def contents(path):
    """The tar inside an archive."""
    with path.open("rb") as file:
        if path.suffix == ".gz":
            return gzip.decompress(file.read())
        return zstandard.ZstdDecompressor().stream_reader(file).read()


class ArchiveTestCase(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.dir / "dist ä"

    def write(self, *mounts, name="python-a", epoch=EPOCH):
        return writer.archive([Spec(name, mounts, {"gz": 1, "zst": 3})],
                               self.out, epoch)

    def read(self, *mounts):
        """Archive *mounts*; the members by name, without ``python/``."""
        written = self.write(*mounts)[0].path
        with tarfile.open(written) as tar:
            names = [info.name for info in tar]
            self.assertEqual([n[:7] for n in names],
                             ["python/"] * len(names))
            return {info.name[7:]: info for info in tar}

    def names(self, *mounts):
        return list(members(mounts))


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


class Mounts(ArchiveTestCase):

    def test_later_over_earlier(self):
        one = lay(self.dir / "one", {"lib/a": "old", "lib/b": "b"})
        two = lay(self.dir / "two", {"lib/a": "newer"})
        found = self.read(Mount(one), Mount(two), Mount(one, "build/lib"))
        self.assertEqual(found["lib/a"].size, 5)
        self.assertEqual(list(found), [
            "build", "build/lib", "build/lib/lib", "build/lib/lib/a",
            "build/lib/lib/b", "lib", "lib/a", "lib/b"])

    def test_one_file(self):
        tree = lay(self.dir, {"made.json": "{}"})
        self.assertEqual(self.names(Mount(tree / "made.json", "A/B.json")),
                         ["A", "A/B.json"])

    def test_only(self):
        tree = lay(self.dir / "tree", {
            "a.o": "", "Modules/b.o": "", "Modules/config.c": "",
            "Modules/b.c": "", "src/config.c": "", "x.o.d": "",
            "include/openssl/ssl.h": "", "lib/libz.a": ""})
        self.assertEqual(
            self.names(Mount(tree, "", ("*.o", "Modules/config.c"))),
            ["Modules", "Modules/b.o", "Modules/config.c", "a.o"])
        self.assertEqual(
            self.names(Mount(tree, "", ("lib/*.a", "include/*"))),
            ["include", "include/openssl", "include/openssl/ssl.h", "lib",
             "lib/libz.a"])

    def test_empty_directories_stay(self):
        tree = lay(self.dir / "tree", {"lib/lib-dynload/_testcapi.so": ""})
        self.assertEqual(
            self.names(Mount(tree, without=("lib/lib-dynload/_test*.so",))),
            ["lib", "lib/lib-dynload"])

    def test_install_only(self):
        lib = "lib/python3.13/"
        kept = (
            lib + "test.py", lib + "testing/a.py", lib + "unittest/mock.py",
            lib + "site-packages/x/test/a.py", lib + "idlelib/idle.py",
            lib + "lib-dynload/_struct.cpython-313-x86_64-linux-gnu.so",
            lib + "lib-dynload/xx.so",
            lib + "config-3.13-x86_64-linux-gnu/Makefile", "lib/libx.a")
        left = (
            lib + "test/__init__.py", lib + "test/data/a", lib +
            "test/__pycache__/a.cpython-313.pyc",
            lib + "idlelib/idle_test/a.py",
            lib + "lib-dynload/_testcapi.cpython-313-x86_64-linux-gnu.so",
            lib + "lib-dynload/_ctypes_test.cpython-313.so",
            lib + "lib-dynload/xxlimited_35.so",
            lib + "lib-dynload/_xxtestfuzz.so",
            lib + "config-3.13-x86_64-linux-gnu/libpython3.13.a")
        tree = lay(self.dir / "tree", dict.fromkeys(kept + left, ""))
        found = members(
            [Mount(tree, without=writer.NOT_INSTALLED)])
        self.assertEqual(sorted(path for path, source in found.items()
                                if source), sorted(kept))

    def test_missing_source(self):
        with self.assertRaisesRegex(BuildError, "cannot archive: no such .*x"):
            self.write(Mount(self.dir / "x"))

    def test_file_over_directory(self):
        one = lay(self.dir / "one", {"lib/a/b": ""})
        two = lay(self.dir / "two", {"lib/a": ""})
        with self.assertRaisesRegex(BuildError, "^lib/a is both a file"):
            self.write(Mount(one), Mount(two))

    def test_neither_file_nor_directory(self):
        tree = lay(self.dir / "tree", {"a": ""})
        os.mkfifo(tree / "pipe")
        with self.assertRaisesRegex(BuildError, "not a regular file: .*pipe"):
            self.write(Mount(tree))


class Specs(ArchiveTestCase):

    def test_names(self):
        name = request.archive_name
        gnu = "x86_64-unknown-linux-gnu"
        self.assertEqual(name("3.13.15", gnu, "noopt"), NAME)
        self.assertEqual(name("3.13.15", gnu, "lto"), f"{NAME}-lto")
        self.assertEqual(name("3.13.15", gnu, "debug"), f"{NAME}-debug")
        self.assertEqual(name("3.13.15", gnu, "noopt+gpl"), f"{NAME}-gpl")
        self.assertEqual(name("3.13.15", gnu, "debug+gpl"),
                         f"{NAME}-debug-gpl")

    def test_no_two_options_have_one_name(self):
        options = {request.options(f"{flavour}{gpl}")
                   for flavour in request.FLAVOURS for gpl in ("", "+gpl")}
        names = {request.archive_name("3.13.15", "x86_64-unknown-linux-gnu",
                                     words) for words in options}
        self.assertEqual(len(names), len(options))

    def test_all_archives_of_a_build(self):
        stdlib = "lib/python3.13/"
        install = lay(self.dir / "install", {
            "bin/python3": "with debug information", stdlib + "os.py": "",
            stdlib + "test/a.py": "",
            stdlib + "lib-dynload/_testcapi.so": "with debug information"})
        stripped = lay(self.dir / "stripped", {
            "bin/python3": "without",
            stdlib + "lib-dynload/_testcapi.so": "without"})
        debug = lay(self.dir / "debug", {"lib/debug/.build-id/ab/c": ""})
        build = lay(self.dir / "build", {
            "Modules/config.c": "", "Modules/a.o": "", "libpython3.13.a": "",
            "Modules/_hacl/libHacl.a": "", "Makefile": "",
            "exports.map": "", "Programs/_freeze_module.o": ""})
        dep = lay(self.dir / "zlib", {
            "lib/libz.a": "", "lib/libunused.a": "",
            "lib/pkgconfig/zlib.pc": "",
            "include/zlib.h": "", "share/man/zlib.3": "", ".key": ""})
        licences = lay(self.dir / "licences", {
            "cpython/LICENSE": "", "zlib.txt": ""})
        document = lay(self.dir, {"made.json": "{}"}) / "made.json"
        full = writer.full_mounts(
            install, build, {dep: ["libz.a"]}, licences,
            leave=["Programs/_*.o"])
        specs = writer.specs(
            NAME, install=install, stripped=stripped, debug=debug,
            licences=licences, full=full, python_json=document)
        written = writer.archive(specs, self.out, EPOCH)
        self.assertEqual([item.path.name for item in written],
                         writer.file_names(NAME))
        self.assertEqual({item.path for item in written},
                         set(self.out.glob("python-*")))
        files, sizes = {}, {}
        for item in written:
            kind = item.path.name.removeprefix(f"{NAME}-").partition(".")[0]
            with tarfile.open(fileobj=io.BytesIO(contents(item.path))) as tar:
                infos = [info for info in tar if not info.isdir()]
            files[kind] = [info.name for info in infos]
            sizes[kind] = {info.name: info.size for info in infos}
        self.assertEqual(files["install_only"], [
            "python/bin/python3", f"python/{stdlib}os.py",
            "python/licenses/cpython/LICENSE", "python/licenses/zlib.txt"])
        self.assertEqual(files["install_only_stripped"],
                         files["install_only"])
        self.assertEqual(
            (sizes["install_only"]["python/bin/python3"],
             sizes["install_only_stripped"]["python/bin/python3"]),
            (len("with debug information"), len("without")))
        # Over install_only: what is in both is the same.
        testcapi = f"python/{stdlib}lib-dynload/_testcapi.so"
        self.assertEqual(files["tests"], [
            testcapi, f"python/{stdlib}test/a.py",
            "python/licenses/cpython/LICENSE"])
        self.assertEqual(sizes["tests"][testcapi], len("without"))
        self.assertEqual(files["debuginfo"],
                         ["python/lib/debug/.build-id/ab/c"])
        self.assertEqual(files["full"], [
            "python/PYTHON.json", "python/build/Modules/_hacl/libHacl.a",
            "python/build/Modules/a.o", "python/build/Modules/config.c",
            "python/build/exports.map", "python/build/include/zlib.h",
            "python/build/lib/libz.a", "python/install/bin/python3",
            f"python/install/{stdlib}lib-dynload/_testcapi.so",
            f"python/install/{stdlib}os.py",
            f"python/install/{stdlib}test/a.py",
            "python/licenses/cpython/LICENSE", "python/licenses/zlib.txt"])


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
