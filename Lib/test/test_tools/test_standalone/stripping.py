"""What the tests of formats/strip.py share."""

import tempfile
import unittest
from pathlib import Path

from elftools.elf.elffile import ELFFile

from standalone.formats import elf, strip


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
