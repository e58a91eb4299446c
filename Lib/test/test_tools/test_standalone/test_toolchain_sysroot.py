"""The sysroot, made by the zig that requirements.txt pins."""

import importlib.util
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.platforms import targets
from standalone.toolchain import sysroot

from . import children

_SPEC = importlib.util.find_spec("ziglang")
ZIG = Path(_SPEC.origin).parent / "zig" if _SPEC and _SPEC.origin else None


@unittest.skipUnless(ZIG, "needs ziglang, see requirements.txt")
class Sysroot(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.root = cls.build("x86_64", "one")
        cls.lib = cls.root / "usr/lib"

    @classmethod
    def build(cls, machine, name, cache="cache"):
        root = cls.work / name
        sysroot.build(
            ZIG, targets.PLATFORMS[f"{machine}-unknown-linux-gnu"],
            cls.work / cache, root, ("-O2", "-g1", "-fvisibility=hidden"))
        return root

    def symbols(self, archive):
        """Members and symbols of an archive, by way of a link map."""
        done = children.run(
            [ZIG, "ld.lld", "-r", "--whole-archive", archive, "-Map=-",
             "-o", os.devnull, "--allow-multiple-definition"],
            capture_output=True, text=True, check=True)
        return done.stdout

    def test_names_a_compiler_asks_for(self):
        names = {path.name for path in self.lib.iterdir()}
        self.assertLessEqual({
            "Scrt1.o", "crt1.o", "crti.o", "crtn.o", "crtbegin.o",
            "crtbeginS.o", "crtend.o", "crtendS.o", "libc.so", "libc.so.6",
            "libm.so", "libpthread.so", "libdl.so", "librt.so",
            "libutil.so", "libresolv.so", "libc_nonshared.a", "libgcc.a",
            "ld-linux-x86-64.so.2"}, names)
        self.assertEqual((self.lib / "libpthread.so").readlink(),
                         Path("libpthread.so.0"))

    def test_two_are_the_same(self):
        again = self.build("x86_64", "two", "another/cache")
        self.assertEqual(stamp.tree_sha256(again),
                         stamp.tree_sha256(self.root))

    def test_no_path_of_the_machine(self):
        for path in self.root.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                for needle in (self.work, ZIG.parent):
                    self.assertFalse(os.fsencode(needle) in data, path)
        for path in self.lib.glob("*.[ao]"):
            self.assertFalse(b".debug_" in path.read_bytes(), path)

    def test_nothing_is_left_beside_it(self):
        self.assertEqual([path.name for path in
                          (self.work / "cache").glob("tmp?*")], [])

    def test_headers_are_of_the_baseline(self):
        source = self.work / "version.c"
        source.write_text("#include <features.h>\n"
                          "@ __GLIBC__ __GLIBC_MINOR__\n"
                          "#include <linux/limits.h>\n#include <asm/stat.h>\n"
                          "#include <bits/types.h>\n@ PATH_MAX\n")
        said = children.run(
            [ZIG, "clang", "--target=x86_64-linux-gnu", "-E", source,
             f"--sysroot={self.root}", "-nobuiltininc"],
            capture_output=True, text=True, check=True).stdout
        self.assertEqual(re.findall(r"^@ (.*)", said, re.MULTILINE),
                         ["2 17", "4096"])

    def test_routines_are_none_of_the_c_librarys(self):
        text = self.symbols(self.lib / "libgcc.a")
        for name in ("__udivti3", "__muloti4", "__divdc3", "__popcountdi2",
                     "__truncsfhf2"):
            self.assertRegex(text, rf" {name}\n")
        for name in ("memcpy", "memset", "strlen", "sin", "fma", "log2",
                     "__memcpy_chk", "__stack_chk_fail"):
            self.assertNotRegex(text, rf" {name}\n")

    def test_what_newer_libraries_have(self):
        text = (self.lib / "libc.so").read_text()
        # Not in place of a baseline's own.
        self.assertLess(text.index("libc.so.6"), text.index("libcompat.a"))
        local = self.root / "usr/local"
        found = self.symbols(local / "lib/libcompat.a")
        for name in ("close_range", "getrandom", "preadv64v2", "statx"):
            self.assertRegex(found, rf" {name}\n")
        for path in ("unistd.h", "sys/random.h", "bluetooth/bluetooth.h"):
            self.assertTrue((local / "include" / path).exists())

    def test_another_machine(self):
        lib = self.build("aarch64", "arm") / "usr/lib"
        self.assertTrue((lib / "ld-linux-aarch64.so.1").exists())
        self.assertIn("ld-linux-aarch64.so.1",
                      (lib / "libc.so").read_text())
        # -z shstk, which is of x86, would say something else here.
        self.assertNotIn(b".note.gnu.property",
                         (lib / "Scrt1.o").read_bytes())
        # What gcc and clang call for atomics on ARMv8.0.
        self.assertRegex(self.symbols(lib / "libgcc.a"),
                         r" __aarch64_ldadd4_acq_rel\n")

    def test_a_zig_that_says_something_else(self):
        false = shutil.which("true")
        with self.assertRaisesRegex(BuildError, "libc headers"):
            sysroot.build(Path(false),
                          targets.PLATFORMS["x86_64-unknown-linux-gnu"],
                          self.work / "cache", self.work / "none", ())


if __name__ == "__main__":
    unittest.main()
