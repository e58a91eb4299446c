"""Test toolchain.jit: the programs that read the stencils of a JIT."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.options import Options
from standalone.toolchain import jit
from standalone.toolchain.jit import dwarfdump, objdump, readobj

from . import children
from .trees import request, small_tree

# A function that calls once, with relocations, data and thread-local data.
SOURCE = """\
extern int outside(int);
extern int variable, weak __attribute__((weak));
__thread int local_to_thread;
int common, zeros[4];
const double number = 3.5;
static const char *const names[] = {"one", "two"};
__attribute__((visibility("hidden"))) int hidden(void) { return 1; }
int call(int value)
{
    return outside(value) + variable + (&weak != 0) + names[value & 1][0];
}
"""
OPTIONS = ("--elf-output-style=JSON", "--expand-relocs", "--section-data",
           "--section-relocations", "--section-symbols", "--sections")
# Each LLVM of Debian.
READOBJ = next((found for number in range(25, 18, -1) if (
    found := shutil.which(f"llvm-readobj-{number}"))), None)


def named(value):
    """Replace {"Name": name, "Value": number} by the name."""
    if isinstance(value, dict):
        if set(value) == {"Name", "Value"}:
            return named(value["Name"])
        return {name: named(item) for name, item in value.items()}
    return [named(item) for item in value] if isinstance(
        value, list) else value


@unittest.skipUnless(shutil.which("cc"), "no C compiler")
@unittest.skipUnless(platform.machine() == "x86_64",
                     "the expected code is for x86-64")
class ProgramsTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.dir / "stencil.c").write_text(SOURCE)

    def compile(self, *options):
        path = self.dir / "stencil.o"
        children.run(["cc", "-O2", "-c", *options, "-o", path,
                      self.dir / "stencil.c"], check=True)
        return path

    def sections(self, path):
        """The sections of *path* by name, as CPython takes them out."""
        output = "".join(readobj.shown(path))
        output = output[output.index("[", 1):]
        output = output[:output.rindex("]", None, -1) + 1]
        sections = [named(item["Section"]) for item in json.loads(output)]
        return {section["Name"]: section for section in sections}

    def test_sections(self):
        found = self.sections(self.compile("-fno-pic"))
        text = found[".text"]
        self.assertEqual(text["Type"], "SHT_PROGBITS")
        self.assertEqual(text["Flags"]["Flags"],
                         ["SHF_ALLOC", "SHF_EXECINSTR"])
        self.assertEqual(len(text["SectionData"]["Bytes"]), text["Size"])
        symbols = {item["Symbol"]["Name"]: item["Symbol"]
                   for item in text["Symbols"]}
        self.assertEqual(symbols["call"]["Type"], "Function")
        self.assertEqual(symbols["call"]["Binding"], "Global")
        self.assertEqual(symbols["hidden"]["Other"]["Flags"], ["STV_HIDDEN"])
        self.assertNotIn("SectionData", found[".bss"])
        relocations = found[".rela.text"]
        self.assertEqual(relocations["Info"], text["Index"])
        self.assertLessEqual(
            {"outside", "variable", "weak"},
            {item["Relocation"]["Symbol"]
             for item in relocations["Relocations"]})
        # Without a sign, as LLVM prints them.
        self.assertTrue(all(item["Relocation"]["Addend"] >= 0
                            for item in relocations["Relocations"]))
        [double] = [item["Symbol"] for section in found.values()
                    for item in section["Symbols"]
                    if item["Symbol"]["Name"] == "number"]
        rodata = found[double["Section"]]["SectionData"]["Bytes"]
        self.assertEqual(bytes(rodata[double["Value"]:][:8]).hex(),
                         "0000000000000c40")

    @unittest.skipUnless(READOBJ, "no llvm-readobj")
    def test_readobj_is_llvms(self):
        for options in (["-fno-pic"], ["-g", "-fPIC", "-fno-plt"],
                        ["-O0", "-fcommon", "-ffunction-sections"]):
            with self.subTest(options):
                path = self.compile(*options)
                theirs = children.run([READOBJ, *OPTIONS, path], check=True,
                                      stdout=subprocess.PIPE, text=True)
                self.assertEqual(json.loads("".join(readobj.shown(path))),
                                 json.loads(theirs.stdout))

    def test_frames(self):
        path = self.compile("-O0", "-fno-omit-frame-pointer")
        text = "".join(dwarfdump.shown(path))
        # The patterns of CPython's Tools/jit/_dwarf.py.
        for field, value in (("Code alignment factor", "1"),
                             ("Data alignment factor", "-8"),
                             ("Return address column", "16")):
            self.assertRegex(text, rf"(?m)^\s*{field}:\s+{value}$")
        self.assertRegex(
            text, r"(?m)^\s*0x[0-9a-f]+:\s+CFA=RBP\+16:"
            r" RBP=\[CFA-16\], RIP=\[CFA-8\]$")

    def test_no_frames(self):
        path = self.compile("-fno-asynchronous-unwind-tables")
        self.assertEqual("".join(dwarfdump.shown(path)), "")

    def test_disassembly(self):
        path = self.compile()
        text = "".join(objdump.shown(path))
        found = re.findall(
            r"(?m)^\s*([0-9a-f]+):\s+((?:[0-9a-f]{2}\s+)+)(callq?\s.*)$",
            text)
        self.assertEqual(len(found), 1, text)


class WantedTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def wants(self, line):
        path = self.dir / "Tools/jit/_llvm.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"import re\n\n{line}\n_TAG = 'llvm-99'\n")
        return jit.wanted(self.dir)

    def test_version(self):
        self.assertEqual(self.wants('_LLVM_VERSION = "21"'), "21")
        self.assertEqual(self.wants("_LLVM_VERSION = 19"), "19")

    def test_refused(self):
        with self.assertRaisesRegex(UsageError, "does not say which LLVM"):
            jit.wanted(self.dir)
        with self.assertRaisesRegex(UsageError, "does not say which LLVM"):
            self.wants("_LLVM_VERSION = get()")
        with self.assertRaisesRegex(UsageError, "wants LLVM 77") as caught:
            self.wants('_LLVM_VERSION = "77"')
        self.assertEqual(caught.exception.hint, "pinned versions: 19, 21")

    def test_requirements(self):
        for version in "19", "21":
            text = jit.requirements(version).read_text()
            self.assertRegex(text, r"(?m)^ziglang==0\.\d+\.\d+ \\$")

    def test_programs(self):
        """The scripts run, and print what CPython looks for."""
        config = request(small_tree(self.dir / "tree", "3.15.0"),
                         self.dir / "out", options="jit")
        jit.install(config.layout, "21")
        place = jit.directory(config.layout)
        self.assertEqual({path.name for path in place.iterdir()}, {
            "clang", "llvm-readobj", "llvm-objdump", "llvm-dwarfdump",
            "python3.15"})
        # Where the packages of the build are.
        config.layout.host.parent.mkdir(parents=True, exist_ok=True)
        config.layout.host.symlink_to(Path(sys.modules[
            "elftools"].__file__).parents[1])
        for name in "readobj", "objdump", "dwarfdump":
            done = children.run(
                [place / f"llvm-{name}", "--version"], text=True, check=True,
                stdout=subprocess.PIPE, env=os.environ | {
                    "STANDALONE_PYTHON": sys.executable})
            self.assertRegex(
                done.stdout,
                r"(?<!Apple )(LLVM|clang) version\s+21\.\d+\.\d+\S*\s+")
        done = children.run(
            [place / "llvm-objdump", "--disassemble", "--reloc", "x.o"],
            stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, b"")
        self.assertIn(f"{config.layout.work}/llvm-21/ziglang/zig clang ",
                      (place / "clang").read_text())

    def test_key(self):
        layout = request(small_tree(self.dir / "tree"),
                         self.dir / "out").layout

        def key(words="jit"):
            return jit.key(layout, self.dir, Options.parse(words))
        self.wants('_LLVM_VERSION = "21"')
        first = key()
        self.assertEqual(key("noopt"), "")
        self.wants("_LLVM_VERSION = 19")
        self.assertNotEqual(key(), first)


if __name__ == "__main__":
    unittest.main()
