"""Test pipeline.dependencies: real recipes, run on small sources."""

import hashlib
import io
import os
import shutil
import sys
import tarfile
import tempfile
import unittest
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

from standalone.core import stamp
from standalone.core.errors import BuildError, FetchError
from standalone.core.model import Patch, PatchSeries, SourceFile
from standalone.pipeline import dependencies
from standalone.sources import pins

from .configuring import write
from .trees import files, request, small_tree

# What the recipe compiles, each with one function.
BZIP2 = ("blocksort", "huffman", "crctable", "randtable", "compress",
         "decompress", "bzlib")
# Writes a makefile that installs what most packages do.
CONFIGURE = """\
#!/bin/sh
for option; do
    case $option in --prefix=*) prefix=${option#*=} ;; esac
done
cat >Makefile <<END
all: lib.a
lib.a: ; touch \\$@
install:
	mkdir -p $prefix/bin $prefix/lib/pkgconfig $prefix/share/man
	touch $prefix/bin/xz $prefix/lib/pkgconfig/x.pc $prefix/share/man/xz.1
	cp lib.a $prefix/lib/liblzma.a
END
"""
# The compiler of the build: writes down what it is told by the environment.
CC = """\
#!/bin/sh
env > "{log}"
exec {cc} "$@"
"""


class DepsTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {
            "XDG_CACHE_HOME": str(self.top / "cache")}))
        self.config = request(small_tree(self.top / "cpython"),
                              self.top / "out")
        self.layout = self.config.layout

    def build(self, name, wanted="a key"):
        dependencies.run(name=name, config=self.config, wanted=wanted)
        return self.layout.dep(name)

    def source(self, name):
        """Where a dependency's source is unpacked."""
        return self.describe(name).source

    def describe(self, name, prefix=None):
        return dependencies.describe(
            pins.load()[name], self.config.platform, self.layout, prefix)

    def fetch(self, name, texts):
        """A source archive of *texts* where the fetched ones are."""
        path = self.layout.work / "fetched" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz") as tar:
            for file, text in texts.items():
                info = tarfile.TarInfo(f"{name}-1.0/{file}")
                info.size = len(text.encode())
                info.mode = 0o755
                tar.addfile(info, io.BytesIO(text.encode()))


class DescribeTest(DepsTest):

    def test_places(self):
        build = self.describe("libedit")
        self.assertEqual(build.name, "libedit")
        self.assertEqual(build.version, pins.load()["libedit"].version)
        self.assertEqual(build.platform, self.config.platform)
        self.assertEqual(build.prefix, self.layout.dep("libedit"))
        self.assertEqual(build.needs, {
            "ncurses": self.layout.dep("ncurses")})
        # What it is installed to is not what it is unpacked to.
        self.assertFalse(build.source.is_relative_to(build.prefix))

    def test_another_prefix(self):
        build = self.describe("zlib", self.top / "elsewhere")
        self.assertEqual(build.prefix, self.top / "elsewhere")

    def test_rendered(self):
        """Directory, environment in one order, words; and whole files."""
        lines = dependencies.rendered(self.describe("bzip2"))
        source, prefix = self.source("bzip2"), self.layout.dep("bzip2")
        [makefile] = [line for line in lines
                      if line.startswith(f"{source}/standalone.mk:\n")]
        self.assertIn("\nlibbz2.a: blocksort.o ", makefile)
        self.assertIn(f"[{source}] mkdir -p {prefix}/lib", lines)
        self.assertIn(f"[{source}] cp bzlib.h {prefix}/include/", lines)
        [configure] = [line for line
                       in dependencies.rendered(self.describe("xz"))
                       if "/configure" in line]
        variables, _, arguments = configure.partition(" ./configure ")
        words = variables.partition("] ")[2]
        self.assertRegex(words, "^AR=ar CC=cc CFLAGS=.* RANLIB=ranlib ")
        self.assertIn("--disable-shared", arguments)


class RunTest(DepsTest):

    def fetch_bzip2(self, **changed):
        self.fetch("bzip2", {
            **{f"{name}.c": f"int {name}(void) {{ return 0; }}\n"
               for name in BZIP2},
            "bzlib.h": "int bzlib(void);\n", "LICENSE": "the text\n",
            **changed})

    def use_compiler(self):
        """This machine's, by the name and at the place of the build's."""
        compiler = shutil.which("cc")
        if not compiler or not shutil.which("make"):
            self.skipTest("no C compiler, or no make")
        self.told = self.top / "told"
        path = self.layout.toolchain / "bin" / "cc"
        write(path, CC.format(log=self.told, cc=compiler))
        path.chmod(0o755)

    def test_library(self):
        self.use_compiler()
        self.fetch_bzip2()
        # What an earlier attempt left, and what it made.
        write(self.source("bzip2") / "stale.c")
        write(self.layout.dep("bzip2") / "lib/libold.a")
        write(self.layout.logs / "deps-bzip2.log", "an older log\n")
        prefix = self.build("bzip2")
        self.assertTrue(stamp.is_fresh(prefix, "a key"))
        self.assertEqual(files(prefix), {
            stamp.KEY, "include/bzlib.h", "lib/libbz2.a",
            "licenses/LICENSE"})
        self.assertEqual((prefix / "licenses/LICENSE").read_text(),
                         "the text\n")
        self.assertFalse(self.source("bzip2").exists())
        log = (self.layout.logs / "deps-bzip2.log").read_text()
        self.assertIn("ar crs libbz2.a", log)
        self.assertNotIn("an older log", log)

    def test_cached(self):
        """A build elsewhere copies what this one has made."""
        self.use_compiler()
        self.fetch_bzip2()
        first = self.build("bzip2")
        other = request(self.config.pristine, self.top / "elsewhere")
        # Without a source and a compiler.
        dependencies.run(other, "a key", "bzip2")
        second = other.layout.dep("bzip2")
        self.assertEqual(files(second), files(first))
        self.assertTrue(stamp.is_fresh(second, "a key"))
        with self.assertRaises(FetchError):
            dependencies.run(other, "another key", "bzip2")

    def test_environment(self):
        self.use_compiler()
        self.fetch_bzip2()
        self.build("bzip2")
        told = self.told.read_text().splitlines()
        self.assertIn("SOURCE_DATE_EPOCH=0", told)
        self.assertIn(f"PYTHON={sys.executable}", told)
        [path] = [line for line in told if line.startswith("PATH=")]
        self.assertTrue(path.startswith(
            f"PATH={self.layout.toolchain}/bin:"), path)

    def test_failure(self):
        """The sources stay for inspection, and no output appears."""
        self.use_compiler()
        self.fetch_bzip2(**{"huffman.c": "not C\n"})
        with self.assertRaisesRegex(BuildError, "make failed"):
            self.build("bzip2")
        self.assertTrue((self.source("bzip2") / "huffman.c").exists())
        self.assertFalse(self.layout.dep("bzip2").exists())
        # The next attempt does not depend on what this one left.
        self.fetch_bzip2()
        self.assertIn("lib/libbz2.a", files(self.build("bzip2")))

    def test_patched(self):
        """The compiler sees the patched source, and the licence is its."""
        self.use_compiler()
        self.fetch_bzip2(**{"huffman.c": "not C\n"})
        text = ("--- a/huffman.c\n+++ b/huffman.c\n@@ -1 +1 @@\n-not C\n"
                "+int huffman(void) { return 0; }\n")
        path = self.layout.fetched / "bzip2-patches-1"
        with tarfile.open(path, "w:xz") as tar:
            info = tarfile.TarInfo("fix.patch")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))

        def patched(sha256):
            bzip2 = replace(
                pins.load()["bzip2"], patches=(PatchSeries(
                    (Patch("fix.patch", sha256),),
                    SourceFile(stamp.file_sha256(path), ("debian:x",))),))
            self.enterContext(mock.patch.object(
                pins, "load", return_value={**pins.load(), "bzip2": bzip2}))
        patched(hashlib.sha256(text.encode()).hexdigest())
        self.assertIn("lib/libbz2.a", files(self.build("bzip2")))
        stamp.remove(self.layout.dep("bzip2"))
        # If it does not apply, no command runs, and no output appears.
        self.fetch_bzip2()
        self.told.unlink()
        with self.assertRaisesRegex(BuildError, "fix.patch does not apply: "
                                    "huffman.c, hunk 1"):
            self.build("bzip2", "another key")
        self.assertFalse(self.told.exists())
        self.assertFalse(self.layout.dep("bzip2").exists())
        patched("0" * 64)
        with self.assertRaisesRegex(FetchError, "fix.patch refused"):
            self.build("bzip2", "another key")

    @unittest.skipUnless(shutil.which("make"), "no make")
    def test_configured(self):
        """Programs and manuals are not kept."""
        texts = pins.load()["xz"].licence_files
        self.fetch("xz", {"configure": CONFIGURE,
                          **dict.fromkeys(texts, "0BSD\n")})
        self.assertEqual(files(self.build("xz")), {
            stamp.KEY, "lib/liblzma.a",
            *(f"licenses/{name}" for name in texts)})

    def test_only_headers(self):
        # From upstream's archive: a template, and a text a protocol.
        self.fetch("x11proto", {
            "include/X11/Xpoll.h.in": "typedef @USE_FDS_BITS@ bits;\n",
            "include/X11/X.h": "/* X */\n", "COPYING-xproto": "MIT\n",
            "COPYING-other": "more\n"})
        prefix = self.build("x11proto")
        self.assertEqual(files(prefix), {
            stamp.KEY, "licenses/COPYING", "include/X11/X.h",
            "include/X11/Xpoll.h", "include/X11/Xpoll.h.in"})
        self.assertEqual((prefix / "include/X11/Xpoll.h").read_text(),
                         "typedef __fds_bits bits;\n")

    def test_only_data(self):
        pin = pins.load()["certifi"]
        path = self.layout.work / "fetched/certifi"
        path.parent.mkdir(parents=True)
        [licence] = pin.licence_files
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("certifi/cacert.pem", "certificates\n")
            wheel.writestr(licence, "MPL\n")
        prefix = self.build("certifi")
        self.assertEqual(files(prefix), {
            stamp.KEY, "share/certs/cacert.pem",
            f"licenses/{licence.replace('/', '-')}"})
        bundle = (prefix / "share/certs/cacert.pem").read_text()
        self.assertRegex(bundle, f"# certifi {pin.version}.*\ncertificates")

    def test_no_licence(self):
        """Without its licence text, no output appears."""
        [licence] = pins.load()["pathspec"].licence_files
        path = self.layout.work / "fetched/pathspec"
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("pathspec/__init__.py", "")
        with self.assertRaisesRegex(BuildError, f"pathspec: .*{licence}"):
            self.build("pathspec")
        self.assertFalse(self.layout.dep("pathspec").exists())


if __name__ == "__main__":
    unittest.main()
