"""Test formats.bitcode with objects that gcc and ar make."""

import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core.errors import BuildError
from standalone.formats import ar, bitcode

from . import children

# clang's -ffat-lto-objects puts the bitcode into such a section, which the
# linker excludes.  The name is another one: the tools of binutils try to
# read .llvm.lto where an LLVM has installed its plugin for them.
SECTION = b".test.lto"
SOURCE = """\
__asm__(".section .test.lto,\\"e\\",@progbits\\n.ascii \\"BC-of-{0}\\"\\n"
        ".previous");
static const char *name = "{0}";
const char *{0}(void) {{ return name; }}
"""
MAIN = """\
#include <string.h>
const char *one(void), *second_with_a_long_name(void);
int main(void) {
    return strcmp(one(), "one") || strcmp(second_with_a_long_name(),
                                          "second_with_a_long_name");
}
"""
NAMES = ("one", "second_with_a_long_name")


@unittest.skipUnless(shutil.which("gcc") and shutil.which("ar"),
                     "no C compiler")
class BitcodeTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for name in NAMES:
            (cls.dir / f"{name}.c").write_text(SOURCE.format(name))
        (cls.dir / "main.c").write_text(MAIN)
        cls.run_in("gcc", "-g", "-ffunction-sections", "-c", "main.c",
                   *(f"{name}.c" for name in NAMES))
        cls.run_in("ar", "crs", "lib.a", *(f"{name}.o" for name in NAMES))

    @classmethod
    def run_in(cls, *argv):
        return children.run(argv, cwd=cls.dir, check=True,
                            capture_output=True).stdout

    def setUp(self):
        self.enterContext(mock.patch.object(bitcode, "SECTION", SECTION))

    def test_object(self):
        target = self.dir / "below/one.o"
        self.assertTrue(bitcode.remove(self.dir / "one.o", target))
        self.assertIn(b"BC-of-one", (self.dir / "one.o").read_bytes())
        self.assertNotIn(b"BC-of-one", target.read_bytes())
        for options in ("-r",), ("-d", "-j", ".text.one"):
            before, after = (
                self.run_in("objdump", *options, path).partition(b"\n\n")[2]
                for path in (self.dir / "one.o", target))
            self.assertTrue(before)
            self.assertEqual(after.replace(b"below/", b""), before)

    def test_library(self):
        target = self.dir / "without.a"
        self.assertTrue(bitcode.remove(self.dir / "lib.a", target))
        self.assertNotIn(b"BC-of-", target.read_bytes())
        self.assertEqual(
            [member.name for member in ar.members(target.read_bytes())],
            [member.name for member in ar.members(
                (self.dir / "lib.a").read_bytes())])
        # The linker finds members by the offsets in the index.
        self.run_in("gcc", "main.o", target, "-o", "main")
        self.run_in(self.dir / "main")

    def test_nothing_to_remove(self):
        target = self.dir / "none.o"
        self.assertFalse(bitcode.remove(self.dir / "main.o", target))
        self.assertFalse(target.exists())

    def test_damaged(self):
        for name in "one.o", "lib.a":
            data = (self.dir / name).read_bytes()
            path, target = self.dir / f"cut-{name}", self.dir / "cut"
            path.write_bytes(data[:-8])
            with self.assertRaisesRegex(BuildError, f"bitcode of .*{name}"):
                bitcode.remove(path, target)
            self.assertFalse(target.exists())


if __name__ == "__main__":
    unittest.main()
