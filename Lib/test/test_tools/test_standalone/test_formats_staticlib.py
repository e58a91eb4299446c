"""staticlib.py on committed samples, and with a real linker."""

import io
import shutil
import tempfile
import unittest
from pathlib import Path

from elftools.elf.elffile import ELFFile

from standalone.core.model import WriteFile
from standalone.formats import ar, staticlib

from . import children
from .trees import archive_of

SAMPLES = Path(__file__).parent / "elf_samples"
TOOLS = ("cc", "ar", "nm")

# In two libraries: the same name of a file, and names of symbols that
# would be exported; the second needs the first.
FIRST = "int first_data = 40; int first(void) { return first_data; }\n"
SECOND = """\
extern int first(void);
static int local(void) { return 1; }
__attribute__((weak)) int second_weak(void) { return 1; }
int second(void) { return first() + local() + second_weak(); }
"""
API = """\
extern int second(void);
int api(void) { return second(); }
int more_api(void) { return 1; }
"""
PROGRAM = """\
#include <stdio.h>
extern int api(void);
int main(void) { return printf("%d\\n", api()) < 0; }
"""


def symbols(data):
    """Name → (binding, visibility, is it defined) of a symbol table."""
    table = ELFFile(io.BytesIO(data)).get_section_by_name(".symtab")
    return [(symbol.name, symbol["st_info"]["bind"],
             symbol["st_other"]["visibility"],
             symbol["st_shndx"] != "SHN_UNDEF")
            for symbol in table.iter_symbols()]


class HideTest(unittest.TestCase):

    def test_all_kinds_of_elf(self):
        """32 and 64 bits, both orders of bytes, odd sizes."""
        names = ("object.o", "split.so", "split_x86.so", "split_s390x.so",
                 "split_mips.so")
        before = [b"odd", *((SAMPLES / name).read_bytes() for name in names),
                  b"BC\xc0\xde bitcode"]
        hidden = staticlib.hide(archive_of(
            {f"{number}.o": data for number, data in enumerate(before)}))
        after = [hidden[member.start:member.end]
                 for member in ar.members(hidden)]
        self.assertEqual((after[0], after[-1]), (before[0], before[-1]))
        for name, was, now in zip(names, before[1:-1], after[1:-1],
                                  strict=True):
            with self.subTest(name):
                hidden = 0
                for old, new in zip(symbols(was), symbols(now), strict=True):
                    _, bind, visibility, defined = old
                    if (bind != "STB_LOCAL" and defined
                            and visibility == "STV_DEFAULT"):
                        old = (*old[:2], "STV_HIDDEN", True)
                        hidden += 1
                    self.assertEqual(old, new)
                self.assertTrue(hidden)

    def test_no_archive(self):
        with self.assertRaises(ValueError):
            staticlib.hide((SAMPLES / "object.o").read_bytes())


@unittest.skipUnless(all(map(shutil.which, TOOLS)),
                     f"needs {', '.join(TOOLS)}")
class CommandsTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_here(self, *argv):
        return children.run(argv, cwd=self.dir, check=True, text=True,
                            capture_output=True).stdout

    def library(self, name, *texts):
        """An archive of objects that are all called same.o."""
        path = self.dir / name / f"lib{name}.a"
        path.parent.mkdir()
        for text in texts:
            (self.dir / "same.c").write_text(text)
            self.run_here("cc", "-fPIC", "-c", "same.c")
            self.run_here("ar", "qc", path, "same.o")
        return path

    def test_program(self):
        library = self.library("api", API)
        others = [self.library("second", SECOND),
                  self.library("first", FIRST)]
        scratch = self.dir / "scratch"
        scratch.mkdir()
        for step in staticlib.commands(library, others, scratch):
            if isinstance(step, WriteFile):
                step.path.write_text(step.text)
            else:
                children.run(step.argv, cwd=step.cwd, check=True)
        (self.dir / "program.c").write_text(PROGRAM)
        self.run_here("cc", "program.c", library, "-Wl,--export-dynamic",
                      "-o", "program")
        self.assertEqual(self.run_here("./program"), "42\n")
        exported = {line.split()[-1] for line in self.run_here(
            "nm", "-D", "--defined-only", "program").splitlines()}
        self.assertLessEqual({"api", "more_api"}, exported)
        self.assertFalse({"first", "first_data", "second", "second_weak"}
                         & exported)


if __name__ == "__main__":
    unittest.main()
