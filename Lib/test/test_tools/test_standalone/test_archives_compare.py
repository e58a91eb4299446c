"""Test archives.compare with archives that differ in one thing each."""

import tempfile
import unittest
import zipfile
from pathlib import Path

from standalone.archives import compare, writer
from standalone.archives.mounts import Mount
from standalone.archives.writer import Spec
from standalone.core.errors import UsageError

from .writing import EPOCH, FILES, lay

NAME = "python-a.tar"


class ContentsTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, files, *, epoch=EPOCH, level=3):
        """Archives of *files*, in a directory of their own."""
        top = Path(tempfile.mkdtemp(dir=self.dir))
        tree = lay(top / "tree", files)
        writer.archive([Spec("python-a", (Mount(tree),),
                              {"gz": level, "zst": level})], top, epoch)
        return top

    def differences(self, first, second):
        """Of .gz and .zst, which are the same."""
        gz, zst = (compare.differences(first / f"{NAME}.{kind}",
                                        second / f"{NAME}.{kind}")
                   for kind in ("gz", "zst"))
        self.assertEqual(gz, zst)
        return gz

    def test_listing(self):
        made = self.write(FILES)
        gz, zst = (compare.listing(made / f"{NAME}.{kind}")
                   for kind in ("gz", "zst"))
        self.assertEqual(gz, zst)
        self.assertLessEqual({f"python/{name}" for name in FILES}, {*gz})
        self.assertIn("to python3.13", gz["python/bin/python3"].attributes)
        self.assertIn("mode 755", gz["python/bin/python3.13"].attributes)
        self.assertNotEqual(gz["python/lib/a.py"].sha256,
                            gz["python/lib/a/b.py"].sha256)

    def test_the_same(self):
        self.assertEqual(
            self.differences(self.write(FILES), self.write(FILES)), [])

    def test_content(self):
        base = FILES | {"text": "one\ntwo\nthree\n", "binary": "\0" * 9000}
        first = self.write(base)
        self.assertEqual(
            self.differences(first, self.write(
                base | {"text": "one\ntoo\nthree\n"})),
            ["python/text: differs from line 2\n"
             "    first:  'two'\n    second: 'too'"])
        [line] = self.differences(first, self.write(
            base | {"binary": "\0" * 8000 + "x" + "\0" * 999}))
        self.assertIn("python/binary: differs from byte 8000 of 9000", line)
        self.assertIn("x", line.rpartition("second: ")[2])

    def test_members(self):
        first, second = dict(FILES), FILES | {"new": ""}
        del second["lib/a.py"]
        self.assertEqual(
            self.differences(self.write(first), self.write(second)),
            ["python/lib/a.py: only in the first",
             "python/new: only in the second"])

    def test_attributes(self):
        [line] = self.differences(self.write(FILES), self.write(
            FILES | {"bin/python3": Path("python3.14")}))
        self.assertIn("python/bin/python3: ", line)
        self.assertIn("to python3.13", line)
        self.assertIn("to python3.14", line)

    def test_of_many_the_first(self):
        found = self.differences(self.write(FILES), self.write(
            FILES, epoch=EPOCH + 1))
        self.assertEqual(len(found), 11)
        self.assertRegex(found[-1], r"\Aand \d more\Z")

    def test_packed_in_another_way(self):
        self.assertEqual(
            self.differences(self.write(FILES), self.write(FILES, level=9)),
            ["the same members, but compressed differently"])

    def test_zip(self):
        for number in "12":
            with zipfile.ZipFile(self.dir / f"{number}.pybi", "w") as packed:
                packed.writestr(zipfile.ZipInfo("pybi-info/PYBI"), number)
        [line] = compare.differences(self.dir / "1.pybi",
                                      self.dir / "2.pybi")
        self.assertIn("pybi-info/PYBI: differs from line 1", line)

    def test_other_files(self):
        for number, text in (("1", "a  b\nc  d\n"), ("2", "a  b\nc  e\n")):
            (self.dir / number).write_text(text)
        [line] = compare.differences(self.dir / "1", self.dir / "2")
        self.assertIn("line 2", line)

    def test_damaged(self):
        made = self.write(FILES)
        for kind in "gz", "zst":
            path = made / f"{NAME}.{kind}"
            path.write_bytes(path.read_bytes()[:-200])
            with self.assertRaisesRegex(UsageError, "damaged or not"):
                compare.listing(path)
        (self.dir / "x.pybi").write_text("no zip")
        with self.assertRaisesRegex(UsageError, "damaged or not"):
            compare.listing(self.dir / "x.pybi")


if __name__ == "__main__":
    unittest.main()
