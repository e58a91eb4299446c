"""ar.py on an archive of LLVM's, on GNU's and on damaged ones."""

import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.formats import ar

from . import children

SAMPLES = Path(__file__).parent / "elf_samples"
LONG = "an_object_with_a_long_name.o"


class MembersTest(unittest.TestCase):

    def setUp(self):
        self.library = (SAMPLES / "library.a").read_bytes()
        self.object = (SAMPLES / "object.o").read_bytes()

    def contents(self, archive):
        return [(member.name, archive[member.start:member.end])
                for member in ar.members(archive)]

    def test_members(self):
        (index, _), (names, table), *others = self.contents(self.library)
        self.assertEqual((index, names), ("/", "//"))
        self.assertIn(LONG.encode(), table)
        self.assertEqual(others, [(LONG, self.object), ("odd", b"odd"),
                                  ("object.o", self.object)])

    @unittest.skipUnless(shutil.which("ar"), "needs ar")
    def test_gnu(self):
        """Another program's table of names, and no index."""
        with tempfile.TemporaryDirectory() as directory:
            for name in LONG, f"b{LONG}", "odd":
                Path(directory, name).write_bytes(name.encode())
            children.run(["ar", "qcS", "x.a", "odd", LONG, f"b{LONG}"],
                         cwd=directory, check=True)
            archive = Path(directory, "x.a").read_bytes()
        found = self.contents(archive)
        self.assertEqual([item for item in found if item[0] != "//"], [
            (name, name.encode()) for name in ("odd", LONG, f"b{LONG}")])

    def test_debian(self):
        """dpkg-deb ends no name with a slash."""
        archive = b"!<arch>\n%-48s%-10d`\n2.0\n" % (b"debian-binary", 4)
        self.assertEqual(self.contents(archive),
                         [("debian-binary", b"2.0\n")])

    def test_empty(self):
        self.assertEqual(self.contents(b"!<arch>\n"), [])

    def test_damaged(self):
        for data, why in ((self.object, "not an ar archive"),
                          (self.library[:-100], "damaged archive at byte"),
                          (self.library[:30], "damaged archive at byte 8"),
                          (self.library.replace(b"`\n", b"``"),
                           "damaged archive at byte 8")):
            with self.subTest(why), self.assertRaisesRegex(ValueError, why):
                self.contents(data)


if __name__ == "__main__":
    unittest.main()
