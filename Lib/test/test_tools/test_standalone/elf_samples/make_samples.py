"""Make the ELF files beside this script: each breaks one rule, or none.

Usage: make_samples.py ZIG     (the zig of the pinned ziglang wheel)

The files are committed, so that the tests need no compiler.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
X86_64 = "x86_64-linux-gnu.2.17"
SHARED = ("-shared", "-fPIC", "-fvisibility=hidden")
SPLIT = (*SHARED, "-g", "-Wl,--build-id=sha1")

# No header is included: its path would be in the debug information.
MODULE = """
unsigned long strlen(const char *);
__attribute__((visibility("default")))
unsigned long PyInit_sample(const char *s) { return strlen(s); }
"""
PROGRAM = """
#include <stdio.h>
int main(void) { return puts("sample"); }
"""
# What -fstack-protector and -D_FORTIFY_SOURCE leave to be seen (zig does
# not compile for the former without its start files), and a note as below.
CHECKED = """
void __stack_chk_fail(void);
void __memcpy_chk(void);
__attribute__((used)) static void check(void)
{
    __memcpy_chk();
    __stack_chk_fail();
}
__asm__(
    ".pushsection .note.fit,\\"a\\",@note\\n.align 8\\n"
    ".long 4, 16, 5\\n.asciz \\"GNU\\"\\n"
    ".long 0xc0000002, 4, 2, 0\\n.popsection");
"""
EXPORTS = MODULE + CHECKED + """
__attribute__((visibility("default"))) int deflate(void) { return 0; }
__attribute__((visibility("protected"))) int inflate(void) { return 0; }
int crc32(void) { return 0; }
"""
BUILTIN = CHECKED + """
__attribute__((used)) static int PyInit_hidden(void) { return 0; }
int Py_BytesMain(void);
int main(void) { return Py_BytesMain(); }
"""
LIBPYTHON = """
int Py_BytesMain(void) { return 0; }
void __stack_chk_fail(void) {}
void __memcpy_chk(void) {}
"""
PTHREAD = """
#include <pthread.h>
int PyInit_sample(void) { return pthread_detach(pthread_self()); }
"""
PRIVATE = "int _dl_secret(void); int PyInit_sample(void) " \
          "{ return _dl_secret(); }"
TEXTREL = """
.globl PyInit_sample
.text
PyInit_sample: .quad PyInit_sample
.section .note.GNU-stack,"",@progbits
"""
# zig adds a section that asks for no executable stack; it is renamed below.
NOTELESS = """
.globl PyInit_sample
.text
PyInit_sample: ret
.section .note.gnu.property,"a",@note
.align 8
.long 4, 16, 5
.asciz "GNU"
.long 0xc0000002, 4, 2, 0
"""
# A note that the code needs x86-64-v3 and is fit for IBT and SHSTK, under
# another name than .note.gnu.property: zig's linker rewrites that one.
NOTE = MODULE + """
__asm__(
    ".pushsection .note.level,\\"a\\",@note\\n.align 8\\n"
    ".long 4, 32, 5\\n.asciz \\"GNU\\"\\n"
    ".long 0xc0000002, 4, 3, 0\\n.long 0xc0008002, 4, 4, 0\\n"
    ".popsection");
"""
# Of a dependency by its directory, of CPython by its name, and with what a
# compiler adds.
LINKED = MODULE + """
__attribute__((used)) static void __udivti3(void) {}
"""

#: name: (source, suffix, target, arguments)
SAMPLES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "clean.so": (MODULE, "c", X86_64, (*SHARED, "-s")),
    "clean": (PROGRAM, "c", X86_64, (
        "-fPIE", "-pie", "-s", "-Wl,-rpath,$ORIGIN/../lib",
        "-Wl,--build-id=0xfeedface")),
    "nopie": (PROGRAM, "c", X86_64, ("-no-pie", "-fno-pie", "-s")),
    "lazy.so": (MODULE, "c", X86_64, (
        *SHARED, "-s", "-Wl,-z,lazy", "-Wl,-z,norelro")),
    "debug.so": (MODULE, "c", X86_64, (
        *SHARED, "-g", "-Wl,-soname,libdebug.so.1")),
    "linked.so": (LINKED, "c", X86_64, (
        *SHARED, "-g", "-fdebug-compilation-dir=/b/deps/zlib.source",
        "-fdebug-prefix-map=sample.c=/b/source/Modules/expat/xmlparse.c")),
    # Without zig's start-up files, whose debug information names zig.
    "builtin": (BUILTIN, "c", X86_64, (
        "-fPIE", "-pie", "-nostdlib", "-Wl,-e,main", "-L.", "-lpython")),
    "new_glibc.so": (PTHREAD, "c", "x86_64-linux-gnu.2.34", (
        "-shared", "-fPIC", "-s")),
    "private.so": (PRIVATE, "c", X86_64, (
        "-shared", "-fPIC", "-s", "-L.", "-lprivate")),
    "rpath.so": (MODULE, "c", X86_64, (
        *SHARED, "-s", "-Wl,--disable-new-dtags", "-Wl,-rpath,$ORIGIN")),
    "runpath.so": (MODULE, "c", X86_64, (
        *SHARED, "-s", "-Wl,-rpath,/opt/lib:$ORIGIN/../../../..")),
    "exports.so": (EXPORTS, "c", X86_64, (*SHARED, "-s")),
    "hardened.so": (MODULE + CHECKED, "c", X86_64, (*SHARED, "-s")),
    "execstack.so": (MODULE, "c", X86_64, (*SHARED, "-s")),
    "textrel.so": (TEXTREL, "s", X86_64, (
        "-shared", "-nostdlib", "-s", "-Wl,-z,notext")),
    "v3.so": (NOTE, "c", X86_64, (*SHARED, "-s")),
    "object.o": (MODULE, "c", X86_64, ("-c", "-fcf-protection=return")),
    "plain.o": (MODULE, "c", X86_64, ("-c",)),
    "v3.o": (NOTE, "c", X86_64, ("-c",)),
    "aarch64.o": (MODULE, "c", "aarch64-linux-gnu.2.17", ("-c",)),
    "noteless.o": (NOTELESS, "s", X86_64, ("-c",)),
    "wx.so": (MODULE, "c", X86_64, (*SHARED, "-s")),
    # To be split: either size of word, either order of bytes.
    "split.so": (MODULE, "c", X86_64, SPLIT),
    "split_x86.so": (MODULE, "c", "x86-linux-gnu.2.17", SPLIT),
    "split_s390x.so": (MODULE, "c", "s390x-linux-gnu.2.17", SPLIT),
    "split_mips.so": (MODULE, "c", "mips-linux-gnueabihf.2.17", SPLIT),
    "aarch64.so": (MODULE, "c", "aarch64-linux-gnu.2.17", (*SHARED, "-s")),
}


def main(zig: str) -> None:
    """Build every sample."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        # Libraries to link against: their names are what is recorded.
        compile_c(zig, scratch, LIBPYTHON, "c", "libpython.so", X86_64, (
            "-shared", "-Wl,-soname,libpython3.13.so.1.0"))
        (scratch / "map").write_text(
            "GLIBC_PRIVATE { global: _dl_secret; };")
        compile_c(zig, scratch, "int _dl_secret(void) { return 0; }", "c",
                  "libprivate.so", X86_64, (
                      "-shared", "-Wl,-soname,libsecret.so.6",
                      "-Wl,--version-script=map"))
        for name, (source, suffix, target, arguments) in SAMPLES.items():
            compile_c(zig, scratch, source, suffix, name, target, arguments)
            shutil.copyfile(scratch / name, HERE / name)
        # Names of up to 15 characters stand in a member's header.
        name = "an_object_with_a_long_name.o"
        shutil.copyfile(HERE / "object.o", scratch / name)
        (scratch / "odd").write_bytes(b"odd")
        (HERE / "library.a").unlink(missing_ok=True)
        subprocess.run([zig, "ar", "crsD", HERE / "library.a", name, "odd",
                        HERE / "object.o"], cwd=scratch, check=True)
    rename(HERE / "noteless.o", b".note.GNU-stack", b".not_a_GNU_note")
    # zig's linker knows neither -z execstack nor --omagic.
    set_flags(HERE / "execstack.so", 0x6474e551, 1)  # PT_GNU_STACK, PF_X
    set_flags(HERE / "wx.so", 1, 7)                  # PT_LOAD, PF_[RWX]


def compile_c(zig: str, scratch: Path, source: str, suffix: str,
              output: str, target: str, arguments: tuple[str, ...]) -> None:
    """Compile one source to *output* in *scratch*."""
    (scratch / f"sample.{suffix}").write_text(source)
    # -O keeps zig from adding UBSan.
    subprocess.run(
        [zig, "cc", "-target", target, "-O1", f"sample.{suffix}",
         "-o", output, "-fdebug-compilation-dir=.", *arguments],
        cwd=scratch, check=True)


def rename(path: Path, old: bytes, new: bytes) -> None:
    """Give a section a name of the same length."""
    assert len(old) == len(new)
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


def set_flags(path: Path, kind: int, flags: int) -> None:
    """Add *flags* to the p_flags of the first segment of that kind."""
    data = bytearray(path.read_bytes())
    # Elf64_Phdr has 56 bytes; the first one follows the file's header.
    place = next(place for place in range(64, len(data), 56)
                 if data[place:place + 4] == kind.to_bytes(4, "little"))
    data[place + 4] |= flags
    path.write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
