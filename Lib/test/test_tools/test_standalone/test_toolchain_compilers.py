"""Programs built with each toolchain, and run."""

import importlib.util
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.layout import Layout
from standalone.core.process import environment
from standalone.formats import elf
from standalone.platforms import targets
from standalone.sources import host
from standalone.toolchain import compilers

from . import children

TARGET = targets.PLATFORMS["x86_64-unknown-linux-gnu"]
_SPEC = importlib.util.find_spec("ziglang")
ZIGLANG = Path(_SPEC.origin).parent if _SPEC and _SPEC.origin else None

PROGRAM = """\
#include <assert.h>
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int shown(void) { return 1; }
int hidden(void) { return 2; }

static void *
run(void *result)
{
    *(int *)result = 42;
    return result;
}

int
main(int argc, char **argv)
{
    pthread_t thread;
    int result = 0;
    struct stat status;
    unsigned __int128 large = ((unsigned __int128)argc << 100) + 12345;
    unsigned long divisor = argc * 1000003ul;
    double (*sine)(double);
    void *(*volatile copier)(void *, const void *, size_t) = memcpy;
    char copy[4] = {0};

    assert(argc < 9);
    pthread_create(&thread, NULL, run, &result);
    pthread_join(thread, NULL);
    sine = (double (*)(double))dlsym(dlopen("libm.so.6", RTLD_NOW), "sin");
    copier(copy, "a b", 3);
    printf("%d %d %d %llu %s %s\\n", result, sine(argc) == sin(argc),
           stat("/", &status), (unsigned long long)(large / divisor), copy,
           __FILE__);
    return 0;
}
"""
NEWER = """\
#define _GNU_SOURCE
#include <bluetooth/bluetooth.h>
#include <errno.h>
#include <semaphore.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
    char bytes[4];
    struct iovec vector = {bytes, sizeof(bytes)};
    struct statx status;
    struct timespec past = {0, 0};
    sem_t semaphore;
    posix_spawn_file_actions_t actions;

    sem_init(&semaphore, 0, 1);
    int fd = memfd_create("", 0), error =
        posix_spawn_file_actions_addclosefrom_np(&actions, -1);
    int fine = (error == EBADF || error == ENOSYS)
        && getrandom(bytes, 4, 0) == 4 && getentropy(bytes, 4) == 0
        && pwritev2(fd, &vector, 1, 0, 0) == 4
        && preadv2(fd, &vector, 1, 0, 0) == 4
        && copy_file_range(fd, NULL, fd, NULL, 0, 0) == 0
        && statx(fd, "", 0x1000, 0, &status) == 0
        && sem_clockwait(&semaphore, CLOCK_MONOTONIC, &past) == 0
        && (close_range(fd, fd, 0) == 0 || errno == ENOSYS)
        && PIDFD_NONBLOCK && sizeof(bdaddr_t) == 6;
    explicit_bzero(bytes, sizeof(bytes));
    closefrom(3);
    return !fine;
}
"""
LIBRARY = """\
#include <stdlib.h>
static int *place;
static void leave(void) { *place = 7; }
void enter(int *p) { place = p; atexit(leave); }
"""
LOADER = """\
#include <dlfcn.h>
int main(int argc, char **argv)
{
    int place = 0;
    void *library = dlopen(argv[1], RTLD_NOW);
    ((void (*)(int *))dlsym(library, "enter"))(&place);
    dlclose(library);
    return place;
}
"""


def setUpModule():
    if not ZIGLANG:
        raise unittest.SkipTest("needs ziglang, see requirements.txt")
    global OUT
    OUT = Path(tempfile.mkdtemp())
    unittest.addModuleCleanup(shutil.rmtree, OUT)
    (OUT / "work/host").mkdir(parents=True)
    (OUT / "work/host/ziglang").symlink_to(ZIGLANG)


def layout(name, options="noopt"):
    return Layout(OUT, OUT / "work", TARGET.triple, name, "3.13.15", options)


class Programs:
    """What each toolchain has to do."""

    @classmethod
    def setUpClass(cls):
        try:
            host.check(cls.name)
        except UsageError as exc:
            raise unittest.SkipTest(exc.message) from exc
        where = layout(cls.name)
        cls.chain = compilers.toolchain(cls.name, TARGET, where)
        compilers.install(cls.chain, TARGET, where, where.toolchain)
        cls.env = environment([where.toolchain / "bin"])
        cls.root = where.toolchain / "sysroot"

    def setUp(self):
        self.dir = OUT / "work" / self.id().rpartition(".")[2]
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir()

    def cc(self, *arguments, driver="cc", check=True, **files):
        for name, text in files.items():
            (self.dir / name.replace("_", ".")).write_text(text)
        done = children.run(
            [driver, *arguments], cwd=self.dir, env=self.env,
            capture_output=True, text=True, check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def facts(self, name):
        return elf.read(self.dir / name)

    def run_program(self, *argv):
        return children.run([self.dir / argv[0], *argv[1:]],
                            capture_output=True, text=True, check=False)

    def links(self, source, *flags):
        """The question that configure scripts ask."""
        return self.cc("probe.c", "-w", "-o", "probe", *flags,
                       check=False, probe_c=source).returncode == 0

    def has(self, function, *flags):
        return self.links(f"char {function}(void);\n"
                          f"int main(void) {{ return {function}(); }}\n",
                          "-fno-builtin", *flags)

    def test_program(self):
        self.cc("-g3", "-O2", f"{self.dir}/p.c", "-o", "p", "-pthread",
                "-ldl", "-lm", p_c=PROGRAM)
        done = self.run_program("p")
        self.assertEqual(
            done.stdout, "42 1 0 4991286590860484185 a b "
            "/usr/src/standalone/test_program/p.c\n")
        facts = self.facts("p")
        self.assertTrue(facts.pie)
        self.assertFalse(facts.exec_stack)
        # Said of every object in it: start files, routines and our own.
        self.assertTrue(facts.shstk)
        self.assertTrue(facts.has_debug)
        self.assertLessEqual(max(v.number for v in facts.versions), (2, 17))
        self.assertEqual(set(facts.needed), {
            "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"})
        # From the C library, and not from zig's own.
        self.assertLessEqual({"memcpy", "sin"}, facts.undefined)

    def test_no_path_in_what_it_makes(self):
        self.cc("-g3", "-O2", f"{self.dir}/p.c", "a.S", "-o", "p",
                "-pthread", "-ldl", "-lm", p_c=PROGRAM,
                a_S=".globl one\none: ret\n")
        self.cc("-g", "-c", "p.c")
        for name in ("p", "p.o"):
            data = (self.dir / name).read_bytes()
            self.assertTrue(b"/usr/src/standalone" in data, name)
            for path in (OUT, ZIGLANG, tempfile.gettempdir() + "/"):
                self.assertFalse(os.fsencode(path) in data, (path, name))

    def test_exports_of_a_program(self):
        for flags, exported in (
                ((), set()), (("-no-pie",), set()),
                (("-Wl,--export-dynamic",), {"shown"})):
            self.cc("p.c", "-o", "p", "-pthread", "-ldl", "-lm", *flags,
                    "-Wl,--version-script=p.map", p_c=PROGRAM,
                    p_map="{ global: shown; local: *; };\n")
            facts = self.facts("p")
            self.assertEqual(facts.exported, exported)
            self.assertEqual(facts.pie, "-no-pie" not in flags)
            self.assertEqual(self.run_program("p").returncode, 0)

    def test_library(self):
        self.cc("-shared", "-fPIC", "l.c", "-o", "l.so", "-Wl,-soname,l.so.1",
                l_c=LIBRARY)
        self.cc("m.c", "-o", "m", "-ldl", m_c=LOADER)
        facts = self.facts("l.so")
        self.assertEqual(facts.soname, "l.so.1")
        self.assertEqual(facts.exported, {"enter"})
        # What was given to atexit() ran when the library was closed.
        done = self.run_program("m", str(self.dir / "l.so"))
        self.assertEqual(done.returncode, 7)

    def test_functions_of_the_baseline(self):
        for function in ("clock_gettime", "secure_getenv", "stat", "mknod"):
            self.assertTrue(self.has(function), function)
        for function in ("arc4random", "mallinfo2", "strlcpy", "thrd_join",
                         "__isoc23_strtol"):
            self.assertFalse(self.has(function, "-pthread"), function)

    def test_functions_of_ours(self):
        # No flag tells of them, and nobody else sees them.
        self.cc("n.c", "-o", "n", "-O2", "-D_FORTIFY_SOURCE=3",
                "-Wl,--export-dynamic", "-pthread", "-ldl", n_c=NEWER)
        facts = self.facts("n")
        self.assertNotIn("getrandom", facts.exported)
        self.assertLessEqual(
            max(version.number for version in facts.versions), (2, 17))
        self.assertEqual(self.run_program("n").returncode, 0)

    def test_functions_beside_libc(self):
        for function, flag in (
                ("sem_init", "-pthread"), ("dlopen", "-ldl"),
                ("sin", "-lm"), ("shm_open", "-lrt"), ("forkpty", "-lutil"),
                ("pthread_atfork", "-lpthread")):
            self.assertTrue(self.has(function, flag), function)
        for function in ("sem_init", "dlopen", "sin", "shm_open"):
            self.assertFalse(self.has(function), function)

    def test_nothing_of_the_machine(self):
        for library in ("z", "crypt", "ssl", "ncurses", "selinux"):
            self.assertFalse(
                self.links("int main(void) { return 0; }\n", f"-l{library}"),
                library)
        used = self.cc("-M", "p.c", p_c=PROGRAM).stdout.split()
        for header in ("stdio.h", "stdlib.h", "pthread.h", "linux/limits.h"):
            self.assertTrue(not any(
                path.endswith(f"/{header}")
                and not path.startswith(str(self.root))
                for path in used), header)
        self.assertNotIn("/usr/include/stdio.h", used)

    def test_says_what_it_is_and_no_more(self):
        self.cc("-c", "e.c", e_c="int main(void) { return 0; }\n")
        self.assertEqual(self.cc("-c", "e.c").stderr, "")
        self.assertEqual(self.cc("e.o").stderr, "")
        self.assertTrue((self.dir / "a.out").exists())
        self.assertEqual(self.cc("-v").returncode, 0)
        self.assertRegex(self.cc("-dumpmachine").stdout, "^x86_64-.*linux")

    def test_assertions_hold(self):
        self.cc("-O2", "a.c", a_c="#include <assert.h>\n"
                "int main(int argc, char **argv) { assert(argc > 1); }\n")
        self.assertIn("argc > 1", self.run_program("a.out").stderr)

    def test_cxx(self):
        self.cc("c.cc", "-o", "c", driver="c++", c_cc="""\
            struct Base { int value() { return 0; } };
            template <typename T> T twice(T value) { return 2 * value; }
            int main() { return twice(4); }
            """)
        self.assertEqual(self.run_program("c").returncode, 8)
        self.assertLessEqual(set(self.facts("c").needed),
                             {"libc.so.6", "libm.so.6"})


class ThinLTO:

    def test_thin_lto(self):
        flags = ("-flto=thin", "-O2")
        self.cc(*flags, "-c", "m.c", "t.c",
                m_c="int twice(int);\n"
                    "int main(int c, char **v) { return twice(c); }\n",
                t_c="int twice(int n) { return 2 * n; }\n")
        self.cc("crs", "t.a", "t.o", driver="llvm-ar")
        self.cc("t.a", driver="llvm-ranlib")
        cache = OUT / "work/thinlto-cache"
        shutil.rmtree(cache, ignore_errors=True)
        self.cc(*flags, "m.o", "t.a", "-o", "m")
        self.assertEqual(self.run_program("m").returncode, 2)
        self.assertTrue(any(cache.glob("llvmcache-*")))


class Zig(Programs, ThinLTO, unittest.TestCase):
    name = "zig"


class LLVM(Programs, ThinLTO, unittest.TestCase):
    name = "llvm"

    def test_profdata_reads_what_it_writes(self):
        self.cc("show", "--help", driver="llvm-profdata")


class GCC(Programs, unittest.TestCase):
    name = "gcc"


if __name__ == "__main__":
    unittest.main()
