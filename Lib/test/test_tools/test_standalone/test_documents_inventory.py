"""Test documents.inventory and components.py: a small tree, a real link."""

import io
import json
import os
import shutil
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

from standalone import recipes
from standalone.core.errors import ValidationError
from standalone.documents import components, inventory
from standalone.relocate import stage as relocate
from standalone.sources import pins

from .trees import request, small_tree

SAMPLES = Path(__file__).parent / "elf_samples"
MPL = "Mozilla Public License Version 2.0\n" + "terms " * 2000
NOTICE = "This is under the MPL, see https://mozilla.org/MPL/2.0/\n"
NOTICES = """\
Licenses
========

libmpdec
--------

Text of libmpdec.

.. _label:

mimalloc
--------

Text of mimalloc.
"""
EXPAT = {
    "name": "expat", "versionInfo": "2.8.2",
    "checksums": [{"algorithm": "SHA256", "checksumValue": "e" * 64}],
    "downloadLocation": "https://example.org/expat.tar.gz",
    "externalRefs": [{"referenceType": "cpe23Type",
                      "referenceLocator": "cpe:2.3:a:x:expat:2.8.2"}]}


def write(path, text="text\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def index(*names):
    """An archive that has an index of symbols and nothing else."""
    data = len(names).to_bytes(4, "big") + bytes(4 * len(names)) + b"".join(
        name.encode() + b"\0" for name in names)
    return b"!<arch>\n" + b"/".ljust(48) + b"%-10d`\n" % len(data) + data


class Inventoried(unittest.TestCase):
    """A small tree, and all that its inventory is made of."""

    version = "3.13.15"

    def setUp(self):
        top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        pristine = small_tree(top / "cpython", self.version)
        write(pristine / "Doc/license.rst", NOTICES)
        self.config = request(pristine, top / "out")
        layout = self.config.layout
        self.source = layout.stage("source")
        shutil.copytree(pristine, self.source)
        self.sbom = self.source / "Misc/sbom.spdx.json"
        write(self.sbom, json.dumps({"packages": [EXPAT]}))
        write(self.source / "Modules/expat/COPYING", "Text of expat.\n")
        for name in recipes.load():
            write(layout.dep(name) / "licenses/COPYING", NOTICE)
        zig = layout.host / "ziglang"
        write(layout.host / "ziglang-0.17.1.dist-info/METADATA")
        for name in ("LICENSE", "lib/libunwind/LICENSE.TXT",
                     "lib/libc/glibc/LICENSES"):
            write(zig / name)
        libraries = layout.toolchain / "sysroot/usr/lib"
        libraries.mkdir(parents=True)
        (libraries / "libgcc.a").write_bytes(index("__divti3", "__udivti3"))
        (libraries / "libc_nonshared.a").write_bytes(index("atexit"))
        self.fetch()
        self.make_tree(top / "tree")

    def fetch(self):
        fetched = self.config.layout.work / "fetched"
        fetched.mkdir()
        with zipfile.ZipFile(fetched / "pathspec", "w") as wheel:
            [name] = pins.load()["pathspec"].licence_files
            wheel.writestr(name, MPL)
        info = tarfile.TarInfo("openssl-3/LICENSE.txt")
        info.size = len("Apache")
        with tarfile.open(fetched / "openssl", "w") as tar:
            tar.addfile(info, io.BytesIO(b"Apache"))
        # The second of the two places that zlib can come from.
        self.zlib = pins.load()["zlib"].files[1]
        os.symlink(f"{self.zlib.sha256[:12]}-zlib.tar", fetched / "zlib")

    def make_tree(self, tree):
        self.tree = tree
        (tree / "bin").mkdir(parents=True)
        shutil.copy(SAMPLES / "linked.so", tree / "bin/python3.13")
        shutil.copy(SAMPLES / "clean.so", tree / "bin/other")
        write(tree / "lib/python3.13/os.py")
        site = tree / "lib/python3.13/site-packages"
        info = site / "pip-26.0.dist-info/licenses"
        write(info / "LICENSE.txt")
        write(info / "src/pip/_vendor/certifi/LICENSE", NOTICE)
        write(site / "pip/_vendor/certifi/core.py")
        write(site / "pip/_vendor/distro/distro.py")
        self.vendor = site / "pip/_vendor/vendor.txt"
        write(self.vendor, "distro==1.9.0\n    certifi==2026.6.17\n")


    def found(self):
        return inventory.find(self.tree, relocate.ingredients(self.config))

    def find(self):
        return {item.name: (item, texts) for item, texts
                in self.found().items()}


class InventoryTest(Inventoried):

    def test_what_was_linked_and_what_only_lies_in_the_full_archive(self):
        found = self.find()
        self.assertEqual(found["zlib"][0].paths, (
            "bin/python3.13", "lib/debug", "build/lib/libz.a"))
        self.assertEqual(found["bzip2"][0].paths, ("build/lib/libbz2.a",))
        self.assertEqual(found["certifi"][0].paths, ("share/certs",))
        self.assertIn("share/terminfo", found["ncurses"][0].paths)
        # In a shared library, which this tree lacks, and in no archive.
        self.assertEqual(found["freetype"][0].paths, ())
        for name in self.config.recipes:
            self.assertEqual(name in found, not pins.load()[name].tool, name)

    def test_in_an_archive(self):
        zlib = self.find()["zlib"][0]
        for member in ("bin/python3.13", "install/bin/python3.13",
                       "lib/debug", "build/lib/libz.a"):
            self.assertTrue(zlib.is_in({member: None}), member)
        self.assertFalse(zlib.is_in({"lib/python3.13/zlib.py": None}))

    def test_origin(self):
        zlib = self.find()["zlib"][0]
        self.assertEqual(zlib.sha256, self.zlib.sha256)
        self.assertEqual(zlib.download, components.NOWHERE)  # a repack
        self.assertEqual(zlib.origin, self.zlib.locations[0])
        self.assertEqual(zlib.purl, f"pkg:generic/zlib@{zlib.version}"
                                    f"?checksum=sha256:{zlib.sha256}")
        certifi = self.find()["certifi"][0]
        self.assertEqual(certifi.purl,
                         f"pkg:pypi/certifi@{certifi.version}")

    def test_pieces_of_cpython(self):
        found = self.find()
        item, texts = found["cpython/expat"]
        self.assertEqual(
            (item.version, item.sha256, item.cpe, item.paths),
            ("2.8.2", "e" * 64, "cpe:2.3:a:x:expat:2.8.2",
             ("bin/python3.13", "lib/debug")))
        self.assertEqual(texts, {"COPYING": "Text of expat.\n"})
        # Listed in components.toml, and not in this tree.
        self.assertNotIn("cpython/hacl-star", found)
        self.assertNotIn("cpython/macholib", found)
        write(self.source / "Lib/ctypes/macholib/README.ctypes")
        write(self.tree / "lib/python3.13/ctypes/macholib/dyld.py")
        self.assertEqual(self.find()["cpython/macholib"][0].paths,
                         ("lib/python3.13/ctypes/macholib",))

    def test_a_tree_that_is_not_pinned(self):
        cpython = self.find()["cpython"][0]
        self.assertEqual(cpython.version, "3.13.15")
        self.assertEqual(cpython.sha256, "")
        self.assertEqual(cpython.purl, "pkg:generic/cpython@3.13.15")

    def test_pip(self):
        found = self.find()
        self.assertEqual(found["pip"][0].version, "26.0")
        item, texts = found["pip/certifi"]
        self.assertEqual(item.version, "2026.6.17")
        self.assertEqual(texts, {"LICENSE": NOTICE, "MPL-2.0.txt": MPL})
        # As in those wheels of pip that bring none.
        self.assertEqual(found["pip/distro"][1],
                         {"Apache-2.0.txt": "Apache"})

    def test_licence_of_an_older_pip(self):
        info = self.vendor.parents[2] / "pip-26.0.dist-info"
        (info / "licenses/LICENSE.txt").replace(info / "LICENSE.txt")
        write(info / "entry_points.txt")
        self.assertEqual(set(self.find()["pip"][1]), {"LICENSE.txt"})

    def test_what_the_compiler_adds(self):
        found = self.find()
        self.assertEqual(found["zig-compiler-rt"][0].purl,
                         "pkg:pypi/ziglang@0.17.1")
        self.assertNotIn("glibc", found)
        self.assertNotIn("libgcc", found)

    def test_saved(self):
        found = self.found()
        path = self.tree / components.FILE
        components.save(path, found)
        self.assertEqual(components.load(path), list(found))
        self.assertEqual(list(found), sorted(found))

    def assertInvalid(self, words):
        with self.assertRaises(ValidationError) as caught:
            self.find()
        self.assertIn(words, caught.exception.message)
        return caught.exception.hint

    def test_unknown_piece_of_cpython(self):
        write(self.sbom, json.dumps({"packages": [{"name": "newlib"}]}))
        hint = self.assertInvalid("cpython contains newlib, whose licence")
        self.assertIn("[cpython.newlib]", hint)

    def test_unknown_package_in_pip(self):
        write(self.vendor, "surprise==1.0\n")
        self.assertInvalid("pip contains surprise, whose licence")

    def test_missing_texts(self):
        (self.source / "Modules/expat/COPYING").unlink()
        self.assertInvalid("Modules/expat/COPYING")

    def test_notice_that_only_newer_ones_have(self):
        sample = self.tree / "bin/python3.13"
        sample.write_bytes(sample.read_bytes().replace(
            b"/source/Modules/expat/xmlparse.c",
            b"/source/Modules/unicodedata.c\0xx"))
        self.assertNotIn("cpython/unicode-data", self.find())
        write(self.config.pristine / "Doc/license.rst",
              NOTICES + "\nUnicode Character Database\n-----\n\nX.\n")
        self.assertIn("cpython/unicode-data", self.find())

    def test_missing_notices(self):
        (self.config.pristine / "Doc/license.rst").unlink()
        self.assertInvalid("Doc/license.rst")


class VersionTest(Inventoried):
    """Pieces that only some versions have."""

    version = "3.15.0"

    def test_scripts_inside_cpython(self):
        vendored = "profiling/sampling/_vendor/d3-flame-graph/4.1.3"
        write(self.tree / "lib/python3.13" / vendored / "flamegraph.js")
        write(self.source / "Makefile.pre.in", f"\t\t{vendored} \\\n")
        write(self.config.pristine / "Doc/license.rst",
              NOTICES + "\nProfiling module\n-----\n\nX.\n")
        found = self.find()
        item, texts = found["cpython/d3-flame-graph"]
        self.assertEqual((item.version, item.purl), (
            "4.1.3", "pkg:generic/d3-flame-graph@4.1.3"))
        self.assertEqual(texts["Apache-2.0.txt"], "Apache")
        self.assertNotIn("cpython/d3", found)

    def test_a_piece_of_older_versions(self):
        sample = self.tree / "bin/python3.13"
        sample.write_bytes(sample.read_bytes().replace(
            b"/source/Modules/expat/xmlparse.c",
            b"/source/Modules/audioop.c\0xxxxxx"))
        self.assertNotIn("cpython/audioop", self.find())


class OldVersionTest(Inventoried):

    version = "3.12.14"

    def test_a_piece_of_older_versions(self):
        sample = self.tree / "bin/python3.13"
        sample.write_bytes(sample.read_bytes().replace(
            b"/source/Modules/expat/xmlparse.c",
            b"/source/Modules/audioop.c\0xxxxxx"))
        write(self.config.pristine / "Doc/license.rst",
              NOTICES + "\nAudioop\n-----\n\nX.\n")
        self.assertIn("cpython/audioop", self.find())


class TextsTest(unittest.TestCase):

    def test_comment_of_a_source(self):
        self.assertEqual(inventory.heading(
            "/* MIT License\n *\n * Copyright\n */\nint x; /* y */\n"),
            "MIT License\n\nCopyright\n")
        self.assertEqual(inventory.heading("Text /* */\n"), "Text /* */\n")

    def test_section(self):
        self.assertEqual(inventory.section(NOTICES, "libmpdec"),
                         "Text of libmpdec.\n")
        self.assertEqual(inventory.section(NOTICES, "mimalloc"),
                         "Text of mimalloc.\n")
        with self.assertRaisesRegex(ValidationError, "no section 'dtoa'"):
            inventory.section(NOTICES, "dtoa")


if __name__ == "__main__":
    unittest.main()
