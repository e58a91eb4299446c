"""formats/strip.py on files as compilers make them, and compared with GNU's
tools."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from standalone.formats import elf, strip

from . import children
from .stripping import TreeTest, sections, segments

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
