"""strip.py on committed samples, and beside the tools that it replaces."""

import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

from standalone.core.errors import BuildError
from standalone.formats import elf, strip

from . import children

SAMPLES = Path(__file__).parent / "elf_samples"
SPLIT = ("split.so", "split_x86.so", "split_s390x.so", "split_mips.so")
ENV = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}

LIBRARY = """
#include <string.h>
__thread int counter = 40;
__thread char zeroed[100];
char big[5000];
static int twice(int x) { memset(big, x, 7); return x + big[3]; }
static int (*pick(void))(int) { return twice; }
int chosen(int) __attribute__((ifunc("pick")));
int work_1(int x) { return x; }
int work_2(int x) { return x + zeroed[7] + 1; }
__asm__(".symver work_1,work@V1\\n.symver work_2,work@@V2");
void store(int *p) {
    *p = chosen(counter++);          /* line 13 */
}
"""
VERSIONS = "V1 { global: work; chosen; store; local: *; }; V2 {} V1;"
PROGRAM = """
#include <stdio.h>
int chosen(int), work(int);
void store(int *);
int main(void) {
    int x;
    store(&x);
    return printf("%d\\n", x + chosen(1) + work(2)) != 3;
}
"""


def run(*argv, cwd=None, env=ENV):
    return children.run(argv, cwd=cwd, env=env, check=True, text=True,
                        capture_output=True).stdout


def sections(path):
    """Name, header without its place, and content, of every section."""
    with open(path, "rb") as file:
        found = []
        for section in ELFFile(file).iter_sections():
            header = dict(section.header)
            place = header.pop("sh_offset"), header["sh_size"]
            file.seek(place[0])
            content = b"" if header["sh_type"] == "SHT_NOBITS" else (
                file.read(place[1]))
            del header["sh_name"]
            found.append((section.name, header, content))
        return found


def segments(path):
    with open(path, "rb") as file:
        return [dict(segment.header)
                for segment in ELFFile(file).iter_segments()]


class TreeTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tree = self.dir / "tree"
        self.stripped = self.dir / "stripped"
        self.debug = self.dir / "debug"
        self.tree.mkdir()

    def split(self):
        strip.split_tree(self.tree, self.stripped, self.debug)

    def debug_file(self, name):
        build_id = elf.read(self.tree / name).build_id
        return self.debug / (f"lib/debug/.build-id/{build_id[:2]}/"
                             f"{build_id[2:]}.debug")


class SplitSamples(TreeTest):

    def each(self):
        small, debug = self.dir / "small", self.dir / "debug"
        for name in SPLIT:
            parts = strip.split((SAMPLES / name).read_bytes(), "name.debug")
            small.write_bytes(parts[0])
            debug.write_bytes(parts[1])
            yield SAMPLES / name, small, debug

    def test_what_is_loaded_stays(self):
        for whole, small, _ in self.each():
            with self.subTest(whole.name):
                self.assertEqual(segments(small), segments(whole))
                before, after = whole.read_bytes(), small.read_bytes()
                for segment in segments(whole):
                    if segment["p_type"] == "PT_LOAD":
                        # Only the ELF header at its start may differ.
                        start = max(segment["p_offset"], 64)
                        end = segment["p_offset"] + segment["p_filesz"]
                        self.assertEqual(after[start:end], before[start:end])
                self.assertLess(len(after), len(before))

    def test_what_remains(self):
        for whole, small, _ in self.each():
            with self.subTest(whole.name):
                gone = [name for name, *_ in sections(whole)
                        if name.startswith(".debug_")
                        or name in (".symtab", ".strtab", ".shstrtab")]
                self.assertGreater(len(gone), 6)
                remaining = sections(small)
                self.assertEqual(
                    remaining[:-2], [section for section in sections(whole)
                                     if section[0] not in gone])
                self.assertIn(".comment", [name for name, *_ in remaining])
                self.assertEqual([name for name, *_ in remaining[-2:]],
                                 [".gnu_debuglink", ".shstrtab"])
                before, after = elf.read(whole), elf.read(small)
                self.assertTrue(before.has_debug and before.has_symtab)
                self.assertFalse(after.has_debug or after.has_symtab)
                for fact in ("build_id", "exported", "versions", "machine",
                             "needed", "relro", "bind_now"):
                    self.assertEqual(getattr(after, fact),
                                     getattr(before, fact), fact)

    def test_debug_link(self):
        for whole, small, debug in self.each():
            with self.subTest(whole.name):
                link = {name: content for name, _, content
                            in sections(small)}[".gnu_debuglink"]
                order = "<" if whole.name in SPLIT[:2] else ">"
                self.assertEqual(link, b"name.debug\0\0" + struct.pack(
                    f"{order}I", zlib.crc32(debug.read_bytes())))

    def test_alignment(self):
        for whole, small, debug in self.each():
            for path in small, debug:
                with self.subTest(whole.name, path=path.name):
                    with path.open("rb") as file:
                        parts = ELFFile(file)
                        odd = [section.name for section
                               in parts.iter_sections()
                               if section["sh_offset"] % max(
                                   section["sh_addralign"], 1)]
                    self.assertEqual(odd, [])
                    self.assertEqual(
                        parts["e_shoff"] % (parts.elfclass // 8), 0)

    def test_link_is_padded_to_four_bytes(self):
        data = (SAMPLES / "split.so").read_bytes()
        for length in range(1, 9):
            self.dir.joinpath("small").write_bytes(
                strip.split(data, "n" * length)[0])
            link = sections(self.dir / "small")[-2][2]
            self.assertEqual(len(link) % 4, 0)
            self.assertEqual(link[:-4].rstrip(b"\0"), b"n" * length)
            self.assertIn(len(link) - 4 - length, range(1, 5))

    def test_debug_file(self):
        for whole, _, debug in self.each():
            with self.subTest(whole.name):
                expected = []
                for name, header, content in sections(whole):
                    if header["sh_flags"] & 2 and (
                            header["sh_type"] != "SHT_NOTE"):
                        header["sh_type"], content = "SHT_NOBITS", b""
                    expected.append((name, header, content))
                self.assertEqual(sections(debug), expected)
                self.assertEqual(elf.read(debug).build_id,
                                 elf.read(whole).build_id)
                for old, new in zip(segments(whole), segments(debug),
                                    strict=True):
                    if old["p_type"] in ("PT_PHDR", "PT_NOTE"):
                        self.assertEqual(new, old)
                    self.assertLessEqual(new["p_filesz"], old["p_filesz"])
                    self.assertEqual(new | {"p_filesz": 0},
                                     old | {"p_filesz": 0})
                    # Never a claim to bytes that are not there.
                    self.assertLessEqual(
                        new["p_filesz"] and new["p_offset"] + new["p_filesz"],
                        debug.stat().st_size)

    def test_split_twice(self):
        for whole, small, _ in self.each():
            with self.subTest(whole.name):
                again, nothing = strip.split(small.read_bytes(), "name.debug")
                self.assertEqual(
                    [name for name, *_ in sections(small)],
                    [name for name, *_ in self.sections_of(again)])
                strip.split(nothing, "x")

    def sections_of(self, data):
        (self.dir / "other").write_bytes(data)
        return sections(self.dir / "other")

    def test_not_linked_and_damaged(self):
        for data in (b"", b"\x7fELF", b"#!/bin/sh\n" * 20,
                     (SAMPLES / "object.o").read_bytes()):
            with self.subTest(data[:16]), self.assertRaises(ValueError):
                strip.split(data, "x")
        for name in SPLIT:
            data = (SAMPLES / name).read_bytes()
            for size in range(4, len(data) - 1, 31):
                with (self.subTest(name, size=size),
                      self.assertRaises(ValueError)):
                    strip.split(data[:size], "x")
            for place in range(4, 64):
                broken = bytearray(data)
                broken[place] ^= 0xff
                # That and nothing else may come of it.
                with contextlib.suppress(ValueError):
                    strip.split(bytes(broken), "x")


class SplitTree(TreeTest):

    def sample(self, name, at=None):
        path = self.tree / (at or name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SAMPLES / name, path)
        return path

    def test_places_and_modes(self):
        self.sample("split.so", "lib/a/one.so").chmod(0o555)
        self.sample("split_s390x.so", "bin/two").chmod(0o755)
        (self.tree / "bin/three").symlink_to("two")
        self.sample("object.o", "lib/four.o")
        (self.tree / "lib/five.py").write_text("")
        for _ in range(2):               # over what is there already
            self.split()
            self.assertEqual(self.files(self.stripped),
                             {"lib/a/one.so", "bin/two"})
        self.assertEqual(self.files(self.debug), {
            str(self.debug_file(name).relative_to(self.debug))
            for name in ("lib/a/one.so", "bin/two")
        } | {"lib/a/.debug/one.so.debug", "bin/.debug/two.debug"})
        for name, mode in ("lib/a/one.so", 0o555), ("bin/two", 0o755):
            path = self.stripped / name
            self.assertEqual(path.stat().st_mode & 0o7777, mode)
            link = self.debug / Path(
                name).parent / ".debug" / f"{path.name}.debug"
            self.assertTrue(link.is_symlink())
            self.assertFalse(os.path.isabs(os.readlink(link)))
            self.assertTrue(link.samefile(self.debug_file(name)))
            self.assertIn(f"{path.name}.debug\0".encode(), path.read_bytes())
            self.assertIn(struct.pack(
                ">I" if name == "bin/two" else "<I",
                zlib.crc32(link.read_bytes())), path.read_bytes())

    def files(self, top):
        return {str(path.relative_to(top)) for path in top.rglob("*")
                if not path.is_dir()}

    def test_hard_linked_copy_is_not_changed(self):
        whole = self.sample("split.so")
        self.stripped.mkdir()
        (self.stripped / "split.so").hardlink_to(whole)
        self.split()
        self.assertEqual(whole.read_bytes(),
                         (SAMPLES / "split.so").read_bytes())
        self.assertFalse(elf.read(self.stripped / "split.so").has_debug)

    def test_no_build_id(self):
        self.sample("debug.so", "lib/bare.so")
        with self.assertRaisesRegex(BuildError, "bare.so.*no build id"):
            self.split()

    def test_damaged(self):
        path = self.sample("split.so")
        path.write_bytes(path.read_bytes()[:-1])
        with self.assertRaisesRegex(BuildError, "split.so.*damaged"):
            self.split()

    def test_same_build_id(self):
        self.sample("split.so", "one.so")
        other = self.sample("split.so", "two.so")
        self.split()
        data = other.read_bytes()
        other.write_bytes(data.replace(b"sample.c", b"simple.c"))
        self.assertNotEqual(other.read_bytes(), data)
        with self.assertRaisesRegex(BuildError, "two.so.*build id"):
            self.split()


@unittest.skipUnless(shutil.which("gcc"), "needs gcc")
class RealFiles(TreeTest):
    """TLS, IFUNC, symbol versions; PIE or not; odd but valid files."""

    def build(self, *flags, program="-pie"):
        (self.dir / "lib.c").write_text(LIBRARY)
        (self.dir / "map").write_text(VERSIONS)
        (self.dir / "main.c").write_text(PROGRAM)
        flags = ("-g", "-O1", "-Wl,--build-id=sha1", *flags)
        run("gcc", *flags, "-shared", "-fPIC", "lib.c", "-o", "tree/libx.so",
            "-Wl,--version-script=map,-soname,libx.so", cwd=self.dir)
        run("gcc", *flags, program, "-fPIE" if program == "-pie"
            else "-fno-pie", "main.c", "-o", "tree/main", "-Ltree", "-lx",
            "-Wl,-rpath,$ORIGIN", cwd=self.dir)

    def test_stripped_files_run(self):
        for flags, program in (
                ((), "-pie"), ((), "-no-pie"), (("-gz",), "-pie"),
                (("-Wl,-q",), "-pie"),
                (("-Wl,-z,noseparate-code",), "-pie")):
            with self.subTest(flags=flags, program=program):
                self.build(*flags, program=program)
                whole = run(self.tree / "main")
                self.split()
                self.assertEqual(run(self.stripped / "main"), whole)
                if "-gz" in flags:
                    self.assertIn(
                        True, [bool(header["sh_flags"] & 0x800) for _,
                               header, _ in sections(self.debug_file("main"))])

    def test_holes(self):
        """With -q .rela.text follows .text; symbols name sections after."""
        self.build("-Wl,-q")
        self.split()
        for name in "main", "libx.so":
            whole = sections(self.tree / name)
            small = sections(self.stripped / name)
            self.assertIn(".rela.text", [name for name, *_ in whole])
            self.assertNotIn(".rela.text", [name for name, *_ in small])
            for number, (name, header, _) in enumerate(whole):
                if header["sh_flags"] & 2:
                    self.assertEqual(small[number][:2], (name, header))

    def test_static(self):
        """Its relocations refer to .symtab, which goes."""
        (self.dir / "main.c").write_text("int main(void) { return 0; }")
        whole = self.tree / "main"
        try:
            run("gcc", "-g", "-static", "main.c", "-o", whole, cwd=self.dir)
        except subprocess.CalledProcessError:
            self.skipTest("no static C library")
        self.split()
        self.assertFalse(self.stripped.exists())         # not dynamic
        small = self.dir / "main"
        small.write_bytes(strip.split(whole.read_bytes(), "x")[0])
        small.chmod(0o755)
        run(small)
        for name, header, _ in sections(small):
            self.assertLess(header["sh_link"], len(sections(small)))
            if name == ".rela.plt":
                self.assertEqual(header["sh_link"], 0)

    @unittest.skipUnless(shutil.which("strip") and shutil.which("objcopy"),
                         "needs binutils' strip and objcopy")
    def test_as_binutils_do(self):
        self.build()
        self.split()
        for name in "main", "libx.so":
            whole = self.tree / name
            run("strip", "--strip-all", whole, "-o", self.dir / "small")
            run("objcopy", "--only-keep-debug", whole, self.dir / "rest")
            self.assertEqual(sections(self.stripped / name)[:-2],
                             sections(self.dir / "small")[:-1])
            self.assertEqual(segments(self.stripped / name),
                             segments(self.dir / "small"))
            debug = self.debug_file(name)
            for ours, theirs in zip(segments(debug),
                                    segments(self.dir / "rest"), strict=True):
                if not theirs["p_filesz"]:
                    del ours["p_offset"], theirs["p_offset"]
                self.assertEqual(ours, theirs)
            for ours, theirs in zip(sections(debug),
                                    sections(self.dir / "rest"), strict=True):
                if ours[0] in (".symtab", ".strtab", ".shstrtab"):
                    continue             # they sort symbols anew
                ours[1]["sh_flags"] &= ~0x40         # they drop SHF_INFO_LINK
                theirs[1]["sh_flags"] &= ~0x40
                self.assertEqual(ours, theirs)

    @unittest.skipUnless(shutil.which("gdb"), "needs gdb")
    def test_gdb(self):
        self.build()
        self.split()
        library = self.stripped / "libx.so"

        def line(directory):
            return run("gdb", "-nx", "-batch",
                       "-ex", f"set debug-file-directory {directory}",
                       "-ex", f"file {library}", "-ex", "info line store",
                       env=ENV | {"HOME": str(self.dir)})

        expected = 'Line 12 of "lib.c" starts at address'
        self.assertNotIn(expected, line(self.dir / "none"))
        self.assertIn(expected, line(self.debug / "lib/debug"))
        shutil.copytree(self.debug, self.stripped, symlinks=True,
                        dirs_exist_ok=True)
        self.assertIn(expected, line(self.dir / "none"))

    @unittest.skipUnless(shutil.which("eu-elflint"), "needs elfutils")
    def test_elflint(self):
        for flags in (), ("-Wl,-q",):
            self.build(*flags)
            self.split()
            for name in "main", "libx.so":
                for path, flag in ((self.stripped / name, "--strict"),
                                   (self.debug_file(name), "-d")):
                    with self.subTest(name, flags=flags, flag=flag):
                        self.assertEqual(
                            run("eu-elflint", "--gnu-ld", flag, path),
                            "No errors\n")


class HostPython(TreeTest):

    def test_this_interpreter(self):
        """The largest files at hand; they run without what was taken."""
        base = Path(sys.base_prefix)
        for source in sorted(base.glob("lib/libpython3.*.so.1.0")):
            shutil.copy(source, self.tree)
        program = shutil.copy(Path(sys.executable).resolve(), self.tree)
        if any(elf.read(path).build_id is None
               for path in self.tree.iterdir()):
            self.skipTest("built without build ids")
        self.split()
        self.assertEqual(
            run(self.stripped / Path(program).name, "-c", "print(6 * 7)",
                env=ENV | {"PYTHONHOME": str(base),
                           "LD_LIBRARY_PATH": str(self.stripped)}), "42\n")


if __name__ == "__main__":
    unittest.main()
