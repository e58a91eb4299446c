"""Test archives.full_archive: whole archives, and damaged ones."""

import io
import json
import random
import tarfile
import tempfile
import unittest
from pathlib import Path

from standalone.archives import full_archive
from standalone.archives.compression import compressor
from standalone.core.errors import UsageError

OBJECT = "build/Objects/object.o"


def document(**changes):
    """The least that has every path there is to check."""
    return {
        "version": "8", "python_paths": {"data": "install"},
        "python_exe": "install/python", "run_tests": "install/python",
        "python_stdlib_platform_config": "install",
        "license_path": "licenses/LICENSE",
        "build_info": {
            "inittab_object": OBJECT, "inittab_source": OBJECT,
            "core": {"objs": [OBJECT], "links": []}, "extensions": {}},
    } | changes


class FullArchive(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.archive = self.dir / "a-full.tar.zst"
        self.files = {
            "python/PYTHON.json": json.dumps(document()).encode(),
            f"python/{OBJECT}": random.Random(0).randbytes(9999),
            "python/install/python": b"#!", "python/licenses/LICENSE": b""}

    def write(self):
        self.archive.unlink(missing_ok=True)
        with (compressor(self.archive, 3) as sink,
              tarfile.open(fileobj=sink, mode="w|") as tar):
            for name, data in self.files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mtime = len(data), 7
                tar.addfile(member, io.BytesIO(data))

    def opened(self, path=None):
        with full_archive.opened(path or self.archive) as distribution:
            return {str(path.relative_to(distribution.path)): (
                        path.read_bytes())
                    for path in distribution.path.rglob("*")
                    if path.is_file()}

    def refused(self, why):
        before = {path: path.read_bytes() for path in self.dir.iterdir()}
        with self.assertRaisesRegex(UsageError, why):
            self.opened()
        self.assertEqual({path: path.read_bytes()
                          for path in self.dir.iterdir()}, before)

    def test_whole(self):
        self.write()
        self.assertEqual(
            {f"python/{name}": data for name, data in self.opened().items()},
            self.files)
        self.assertEqual(full_archive.document(self.archive), document())

    def test_directory(self):
        self.write()
        with full_archive._tar(self.archive) as tar:
            tar.extractall(self.dir, filter="data")
        for path in self.dir, self.dir / "python":
            self.assertIn(OBJECT, self.opened(path))
            self.assertEqual(full_archive.document(path), document())
        self.assertTrue((self.dir / "python").exists())

    def test_cut_off_or_changed(self):
        self.write()
        data = self.archive.read_bytes()
        for wrong in (data[:-9], data[:len(data) // 2], data[:20], b"",
                      data[:900] + b"wrong" + data[905:], b"\x1f\x8b" + data):
            self.archive.write_bytes(wrong)
            with self.subTest(wrong[-9:]):
                self.refused("damaged or not|lacks files")

    def test_lacks_a_file(self):
        del self.files[f"python/{OBJECT}"]
        self.write()
        self.refused(f"lacks files that its PYTHON.json names: {OBJECT}$")

    def test_names_what_is_outside(self):
        for path in "/bin/sh", "../a-full.tar.zst", "install/../../python":
            with self.subTest(path):
                self.files["python/PYTHON.json"] = json.dumps(
                    document(run_tests=path)).encode()
                self.write()
                self.refused(f"lacks files .*: {path}$")

    def test_member_that_leads_outside(self):
        for name in "python/../../evil", "../evil":
            with self.subTest(name):
                self.files[name] = b""
                self.write()
                self.refused("damaged or not .*outside the destination")
                del self.files[name]

    def test_other_documents(self):
        for data, why in (
                (b"{", "not valid JSON"), (b"\xff", "not valid JSON"),
                (b"[]", "unknown version: None"),
                (json.dumps(document(version="9")).encode(),
                 "unknown version: '9'"),
                (b'{"version": "8"}', "incomplete: KeyError"),
                (json.dumps(document(build_info=[])).encode(), "incomplete")):
            with self.subTest(data):
                self.files["python/PYTHON.json"] = data
                self.write()
                self.refused(why)

    def test_no_full_archive(self):
        del self.files["python/PYTHON.json"]
        self.write()
        self.refused("not a full archive")
        with self.assertRaisesRegex(UsageError, "not a full archive"):
            full_archive.document(self.archive)
        with self.assertRaisesRegex(UsageError, "cannot read .*No such"):
            full_archive.document(self.dir / "nothing")

    def test_convert(self):
        self.write()
        output = self.dir / "b.tar.zst"
        full_archive.convert(self.archive, "7", output)
        self.assertEqual(full_archive.document(output), document(version="7"))
        self.assertEqual(full_archive.document(self.archive)["version"], "8")
        with (full_archive._tar(output) as tar,
              full_archive._tar(self.archive) as old):
            for new, before in zip(tar, old, strict=True):
                self.assertEqual((new.name, new.mtime),
                                 (before.name, before.mtime))
                if new.name != "python/PYTHON.json":
                    self.assertEqual(new.size, before.size)
        # And back, in place: the bytes that it had.
        full_archive.convert(output, "8", output)
        first = output.read_bytes()
        full_archive.convert(self.archive, "8", self.archive)
        self.assertEqual(self.archive.read_bytes(), first)

    def test_convert_to_nowhere(self):
        self.write()
        for name, version, why in (
                ("b.tar.zst", "9", "unknown version"),
                ("b.tar.gz", "7", "does not end in"),
                ("none/b.tar.zst", "7", "cannot write .*none")):
            with self.subTest(name), self.assertRaisesRegex(UsageError, why):
                full_archive.convert(self.archive, version, self.dir / name)
        self.assertEqual([*self.dir.iterdir()], [self.archive])


if __name__ == "__main__":
    unittest.main()
