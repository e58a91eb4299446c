"""Test formats.names: names are taken apart into what they are made of."""

import itertools
import unittest
from dataclasses import replace

from standalone.archives import writer
from standalone.core import options
from standalone.core.options import Options
from standalone.documents import provenance, sbom
from standalone.formats import names
from standalone.formats.names import ArchiveName, BuildName
from standalone.platforms import targets

from .trees import request

VERSIONS = "3.13.15", "3.14.0rc2", "3.15.0a2+", "3.130.0"
TRIPLES = (*targets.PLATFORMS, "aarch64-apple-darwin",
           "x86_64-pc-windows-msvc", "x86_64-unknown-linux-musl",
           "armv7-unknown-linux-gnueabihf")
OPTIONS = ("noopt", "lto", "debug", "noopt+gpl", "lto+gpl", "debug+gpl",
           "pgo", "pgo+lto", "pgo+lto+gpl",
           "freethreaded+noopt", "freethreaded+lto+gpl", "noopt+jit")
LTO_GPL = BuildName("3.13.15", 2, "x86_64-unknown-linux-gnu", ("lto", "gpl"))
NAME = "python-3.13.15-x86_64-unknown-linux-gnu"


def builds():
    for version, build, triple, words in itertools.product(
            VERSIONS, (1, 2, 10, 21), TRIPLES, OPTIONS):
        yield BuildName(version, build, triple, Options.parse(words).marks)


class BuildNameTest(unittest.TestCase):

    def test_str(self):
        self.assertEqual(
            str(LTO_GPL),
            "python-3.13.15-2-x86_64-unknown-linux-gnu-lto-gpl")
        self.assertEqual(LTO_GPL.release, "3.13.15-2")
        first = BuildName("3.15.0a2+", 1, "aarch64-apple-darwin")
        self.assertEqual(str(first), "python-3.15.0a2+-aarch64-apple-darwin")
        self.assertEqual(first.release, "3.15.0a2+")

    def test_round_trip(self):
        texts = set()
        for build in builds():
            text = str(build)
            self.assertEqual(BuildName.parse(text), build)
            self.assertNotIn(text, texts)
            texts.add(text)

    def test_of_a_request(self):
        for words, build in itertools.product(OPTIONS, (1, 12)):
            wanted = replace(request("3.13.15", "out", options=words),
                             build=build)
            self.assertEqual(wanted.name, BuildName(
                "3.13.15", build, wanted.target, Options.parse(words).marks))

    def test_every_mark(self):
        self.assertEqual({mark for words in OPTIONS
                          for mark in Options.parse(words).marks},
                         {*options.MARKS})

    def test_other_text(self):
        for text in (
                "", "python", "python-3.13.15", "index.json",
                NAME.removeprefix("python-"), f"c{NAME}", f"{NAME}\n",
                f"dir/{NAME}", f"{NAME}-", f"{NAME}-full", f"{NAME}.json",
                f"{NAME}-bolt", f"{NAME}-gpl-lto", f"{NAME}-lto-pgo",
                f"{NAME}-lto-lto", f"{NAME}-instrumented",
                "python-3.13-x86_64-unknown-linux-gnu",
                "python-3.13.15-x86_64-linux", "python-3.13.15-lto",
                NAME.replace("15-", "15-1-"), NAME.replace("15-", "15-0-"),
                NAME.replace("15-", "15-02-"), NAME.replace("15-", "15-2-3-"),
                NAME.replace("x86_64", "٣")):
            with self.subTest(text), self.assertRaises(ValueError):
                BuildName.parse(text)


class ArchiveNameTest(unittest.TestCase):

    def test_str(self):
        name = ArchiveName(LTO_GPL, "install_only", "gz")
        self.assertEqual(str(name), f"{LTO_GPL}-install_only.tar.gz")

    def test_round_trip(self):
        texts = set()
        for build, kind, compression in itertools.product(
                builds(), names.KINDS, names.COMPRESSIONS):
            name = ArchiveName(build, kind, compression)
            text = str(name)
            self.assertEqual(ArchiveName.parse(text), name)
            self.assertNotIn(text, texts)
            texts.add(text)

    def test_all_that_are_written(self):
        files = writer.file_names(LTO_GPL)
        found = names.archives(files)
        self.assertEqual([*map(str, found)], files)
        self.assertEqual({name.of for name in found}, {LTO_GPL})
        self.assertEqual({name.kind for name in found}, {*writer.KINDS})

    def test_other_text(self):
        for text in (
                NAME, f"{NAME}.tar.gz", f"{NAME}-full", f"{NAME}-full.tar.",
                f"{NAME}-full.gz", f"{NAME}-full.tar", f"{NAME}-full.tar.xz",
                f"{NAME}-gnu.tar.gz", f"{NAME}-full.tar.zst.spdx.json",
                f"{NAME}-full.tar.tar.gz", f"{NAME}-full-full.tar.gz",
                f"{NAME}-changes.tar.gz", f"{NAME}-full-lto.tar.gz",
                "cpython-3.13.15-manylinux_2_17_x86_64.pybi"):
            with self.subTest(text):
                with self.assertRaises(ValueError):
                    ArchiveName.parse(text)
                self.assertEqual(names.archives([text]), [])


class FileTest(unittest.TestCase):

    def test_files_of_a_build(self):
        for build in builds():
            archive = ArchiveName(build, "full", "zst")
            for file in (
                    f"{build}", f"{archive}", f"{archive}{sbom.SUFFIX}",
                    f"{archive}.asc", f"{build}{provenance.SUFFIX}",
                    f"{build.stem(names.CHANGES)}.json"):
                self.assertEqual(names.build_of(file), build)
                self.assertTrue(names.is_of_one_build(file))

    def test_other_files(self):
        pybi = "cpython-3.13.15-manylinux_2_17_x86_64.pybi"
        for file in pybi, "index.json", "SHA256SUMS", "python-x.tar.gz":
            self.assertIsNone(names.build_of(file))
        self.assertTrue(names.is_of_one_build(pybi))
        for file in "index.json", "SHA256SUMS", "work", ".python-version":
            self.assertFalse(names.is_of_one_build(file))


if __name__ == "__main__":
    unittest.main()
