"""Test archives.mounts, and what goes into which archive."""

import io
import os
import tarfile
import unittest

from standalone.archives import writer
from standalone.archives.mounts import Mount, members
from standalone.core.errors import BuildError
from standalone.formats.names import BuildName, archives

from .writing import EPOCH, NAME, ArchiveTestCase, contents, lay


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
        name = BuildName.parse(NAME)
        specs = writer.specs(
            name, install=install, stripped=stripped, debug=debug,
            licences=licences, full=full, python_json=document)
        written = writer.archive([*specs.values()], self.out, EPOCH)
        self.assertEqual([item.path.name for item in written],
                         writer.file_names(name))
        self.assertEqual({item.path for item in written},
                         set(self.out.glob("python-*")))
        files, sizes = {}, {}
        for item in written:
            kind = archives([item.path.name])[0].kind
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


if __name__ == "__main__":
    unittest.main()
