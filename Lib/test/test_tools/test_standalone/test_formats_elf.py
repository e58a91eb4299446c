"""The facts that elf.py reads, against files whose facts are known."""

import re
import shutil
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from standalone.core.errors import ValidationError
from standalone.formats import elf
from standalone.formats.elf import SymbolVersion

from . import children

SAMPLES = Path(__file__).parent / "elf_samples"


def read(name: str) -> elf.Facts:
    facts = elf.read(SAMPLES / name)
    assert facts is not None
    return facts


class SampleFacts(unittest.TestCase):

    def test_clean_library(self):
        self.assertEqual(read("clean.so"), elf.Facts(
            machine="EM_X86_64", bits=64, type="ET_DYN", interp=None,
            needed=("libc.so.6",), soname=None, rpath=(), runpath=(),
            versions=(SymbolVersion("libc.so.6", "GLIBC_2.2.5"),),
            exported=frozenset({"PyInit_sample"}),
            undefined=frozenset({"strlen"}),
            defined=frozenset({"PyInit_sample"}),
            pie=False, relro=True, bind_now=True, exec_stack=False,
            wx=False, textrel=False, build_id=None, cpu_level=None, ibt=False,
            shstk=False, has_debug=False, has_symtab=False))

    def test_hook(self):
        facts = read("clean.so")
        self.assertEqual(facts.hook("sample"), "PyInit_sample")
        self.assertIsNone(facts.hook("other"))
        both = replace(facts, exported=frozenset({
            "PyInit_sample", "PyModExport_sample"}))
        self.assertEqual(both.hook("sample"), "PyModExport_sample")

    def test_what_each_sample_is_for(self):
        for name, fact, value in (
                ("clean", "pie", True),
                ("clean", "interp", "/lib64/ld-linux-x86-64.so.2"),
                ("clean", "runpath", ("$ORIGIN/../lib",)),
                ("clean", "build_id", "feedface"),
                ("nopie", "pie", False),
                ("nopie", "type", "ET_EXEC"),
                ("lazy.so", "relro", False),
                ("lazy.so", "bind_now", False),
                ("debug.so", "soname", "libdebug.so.1"),
                ("debug.so", "has_debug", True),
                ("debug.so", "has_symtab", True),
                ("builtin", "exported", frozenset()),
                ("builtin", "inits", frozenset({"PyInit_hidden"})),
                ("builtin", "undefined", frozenset({
                    "Py_BytesMain", "__memcpy_chk", "__stack_chk_fail"})),
                ("hardened.so", "shstk", True),
                ("hardened.so", "ibt", False),
                ("private.so", "versions", (
                    SymbolVersion("libsecret.so.6", "GLIBC_PRIVATE"),)),
                ("rpath.so", "rpath", ("$ORIGIN",)),
                ("runpath.so", "runpath", (
                    "/opt/lib", "$ORIGIN/../../../..")),
                ("exports.so", "exported", frozenset({
                    "PyInit_sample", "deflate", "inflate"})),
                ("execstack.so", "exec_stack", True),
                ("noteless.o", "exec_stack", True),
                ("object.o", "exec_stack", False),
                ("object.o", "shstk", True),
                ("plain.o", "shstk", False),
                ("wx.so", "wx", True),
                ("textrel.so", "textrel", True),
                ("v3.so", "cpu_level", 3),
                ("v3.so", "ibt", True),
                ("v3.so", "shstk", True),
                ("object.o", "type", "ET_REL"),
                ("aarch64.so", "machine", "EM_AARCH64")):
            with self.subTest(sample=name, fact=fact):
                self.assertEqual(getattr(read(name), fact), value)

    def test_notes_alone(self):
        """What is asked of a member of a library is the same."""
        for name in "object.o", "plain.o", "noteless.o":
            facts = elf.parse((SAMPLES / name).read_bytes(), name,
                              notes=True)
            for fact in "machine", "type", "exec_stack", "cpu_level", "shstk":
                with self.subTest(name, fact=fact):
                    self.assertEqual(getattr(facts, fact),
                                     getattr(read(name), fact))

    def test_symbol_versions(self):
        newest = max(read("new_glibc.so").versions,
                     key=lambda version: version.number)
        self.assertEqual(newest.name, "GLIBC_2.34")
        self.assertEqual(newest.family, "GLIBC")
        self.assertEqual(newest.number, (2, 34))
        private, = read("private.so").versions
        self.assertEqual(private.number, ())
        odd = SymbolVersion("libc.so.6", "GLIBC_ABI_DT_RELR")
        self.assertEqual(odd.number, ())


class OtherFiles(unittest.TestCase):

    def setUp(self):
        self.path = Path(self.enterContext(
            tempfile.TemporaryDirectory()), "file")

    def test_no_elf(self):
        for data in (b"", b"\x7fEL", b"!<arch>\n", b"#!/bin/sh\n"):
            with self.subTest(data=data):
                self.path.write_bytes(data)
                self.assertIsNone(elf.read(self.path))

    def test_truncated(self):
        whole = (SAMPLES / "clean.so").read_bytes()
        for size in range(4, len(whole) - 1, 97):
            with self.subTest(size=size):
                self.path.write_bytes(whole[:size])
                with self.assertRaisesRegex(ValidationError, "damaged"):
                    elf.read(self.path)


@unittest.skipUnless(shutil.which("readelf"), "needs binutils' readelf")
class Readelf(unittest.TestCase):
    """binutils is a second opinion, on a file we did not make."""

    def readelf(self, option):
        return children.run(
            ["readelf", "-W", option, sys.executable], check=True,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True).stdout

    def test_host_python(self):
        facts = elf.read(Path(sys.executable))
        self.assertEqual(list(facts.needed), re.findall(
            r"\(NEEDED\).*\[(.*)\]", self.readelf("-d")))
        needs = self.readelf("-V").partition("Version needs")[2]
        self.assertEqual({version.name for version in facts.versions},
                         set(re.findall(r"Name: (\S+)  Flags", needs)))
        self.assertEqual(facts.undefined, {
            name.partition("@")[0] for name in re.findall(
                r" UND (\S+)", self.readelf("--dyn-syms"))})
        self.assertEqual(facts.has_symtab,
                         " .symtab " in self.readelf("-S"))


if __name__ == "__main__":
    unittest.main()
