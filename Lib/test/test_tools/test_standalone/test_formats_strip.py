"""formats/strip.py on committed samples."""

import contextlib
import io
import os
import shutil
import struct
import unittest
import zlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

from standalone.core.errors import BuildError
from standalone.formats import elf, strip

from .stripping import TreeTest, sections, segments

SAMPLES = Path(__file__).parent / "elf_samples"
SPLIT = ("split.so", "split_x86.so", "split_s390x.so", "split_mips.so")


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

    def test_wrong_size_of_headers(self):
        for name, place in (("split.so", 54), ("split.so", 58),
                            ("split_x86.so", 42), ("split_x86.so", 46)):
            data = bytearray((SAMPLES / name).read_bytes())
            data[place] += 8             # e_phentsize, e_shentsize
            with (self.subTest(name, place=place),
                  self.assertRaisesRegex(ValueError, "damaged")):
                strip.split(bytes(data), "x")


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

    def test_build_id_without_content(self):
        path = self.sample("split.so")
        data = bytearray(path.read_bytes())
        parts = ELFFile(io.BytesIO(data))
        number = parts.get_section_index(".note.gnu.build-id")
        header = parts.get_section(number).header
        header.sh_offset, header.sh_size = len(data) - 2, 2
        start = parts["e_shoff"] + number * parts["e_shentsize"]
        data[start:start + parts["e_shentsize"]] = (
            parts.structs.Elf_Shdr.build(header))
        path.write_bytes(data)
        with self.assertRaisesRegex(BuildError, "split.so.*no build id"):
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


if __name__ == "__main__":
    unittest.main()
