"""Test which files of a dependency pipeline.dependencies keeps."""

import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.model import Pin, Recipe
from standalone.pipeline import dependencies

from .configuring import write
from .trees import files

PIN = Pin("sample", "1.0", "MIT", (), ("LICENSE", "doc/COPYING"))


class TidyTest(unittest.TestCase):

    def setUp(self):
        top = self.enterContext(tempfile.TemporaryDirectory())
        self.prefix = Path(top) / "prefix"
        for name in ("bin/tool", "share/man/man1/tool.1", "share/x/data",
                     "etc/conf", "include/sample.h", "include/sub/more.h",
                     "lib/libsample.a", "lib/libother.a", "lib/libsample.la",
                     "lib/pkgconfig/sample.pc", "lib/cmake/sample.cmake"):
            write(self.prefix / name)

    def tidy(self, *archives, data=()):
        dependencies._tidy(
            self.prefix, Recipe(iter, archives, data=dict(data)), PIN)
        return files(self.prefix)

    def test_keeps_headers_and_archives(self):
        self.assertEqual(self.tidy("libsample.a"), {
            "include/sample.h", "include/sub/more.h",
            "lib/libsample.a", "lib/libother.a"})
        self.assertEqual({path.name for path in self.prefix.iterdir()},
                         {"include", "lib"})
        self.assertEqual({path.name for path
                          in (self.prefix / "lib").iterdir()},
                         {"libsample.a", "libother.a"})

    def test_keeps_data(self):
        self.assertEqual(
            self.tidy("libsample.a", data={"share/x": "share/y"}), {
                "include/sample.h", "include/sub/more.h", "lib/libsample.a",
                "lib/libother.a", "share/man/man1/tool.1", "share/x/data"})

    def test_no_library_directory(self):
        shutil.rmtree(self.prefix / "lib")
        self.assertEqual(self.tidy(), {"include/sample.h",
                                       "include/sub/more.h"})

    def test_archive_was_not_built(self):
        for name in ("libmissing.a", "libdirectory.a"):
            (self.prefix / "lib/libdirectory.a").mkdir(exist_ok=True)
            with (self.subTest(name),
                  self.assertRaisesRegex(BuildError,
                                         f"sample: .* make {name}")):
                self.tidy("libsample.a", name)


class LicencesTest(unittest.TestCase):

    def setUp(self):
        top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source_dir, self.prefix = top / "source", top / "p"
        self.prefix.mkdir()
        write(self.source_dir / "LICENSE", "one\n")

    def test_flat(self):
        write(self.source_dir / "doc/COPYING", "two\n")
        write(self.source_dir / "README")
        dependencies._licences(self.source_dir, self.prefix, PIN)
        found = {path.name: path.read_text()
                 for path in (self.prefix / "licenses").iterdir()}
        self.assertEqual(found, {"LICENSE": "one\n",
                                 "doc-COPYING": "two\n"})

    def test_missing(self):
        with self.assertRaisesRegex(
                BuildError, "sample: licence text doc/COPYING is missing"):
            dependencies._licences(self.source_dir, self.prefix, PIN)


if __name__ == "__main__":
    unittest.main()
