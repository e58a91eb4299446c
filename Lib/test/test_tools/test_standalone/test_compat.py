"""compat/libc: what a C library newer than the baseline has.

Compiled by the compiler of this machine and called directly, with none of
the C library's own functions of these names.  What CPython makes of them
is tested in the finished tree: test_standalone_runtime.test_functions.
"""

import ctypes
import errno
import os
import resource
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from standalone.toolchain.sysroot import COMPAT

from . import children

CC = shutil.which("cc")


# That of a C library that has none of what is looked for.
DLSYM = """\
void *dlsym_of_old(void *handle, const char *name) { return 0; }
"""


@unittest.skipUnless(CC, "no C compiler")
class Compiled(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        scratch = cls.enterClassContext(tempfile.TemporaryDirectory())
        library, dlsym = Path(scratch, "libcompat.so"), Path(scratch, "dl.c")
        dlsym.write_text(DLSYM)
        children.run(
            [CC, "-shared", "-fPIC", "-O1", "-Wl,-Bsymbolic", "-std=c11",
             "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
             "-D_GNU_SOURCE", "-I", COMPAT / "include",
             "-Ddlsym=dlsym_of_old", dlsym, *sorted(COMPAT.glob("*.c")),
             "-o", library, "-lpthread"], check=True)
        cls.library = ctypes.CDLL(library, use_errno=True)

    def call(self, name, *arguments):
        """What a function returns, and the error that it set."""
        ctypes.set_errno(0)
        function = getattr(self.library, name)
        function.restype = ctypes.c_long
        # Every number as long as a register.
        result = function(*(
            ctypes.c_long(argument) if isinstance(argument, int)
            else argument for argument in arguments))
        return ctypes.c_int(result).value, ctypes.get_errno()

class FunctionsTest(Compiled):

    def test_random_bytes(self):
        for name, arguments in (("getrandom", (0,)), ("getentropy", ())):
            with self.subTest(name):
                buffer = ctypes.create_string_buffer(256)
                _, error = self.call(name, buffer, 256, *arguments)
                self.assertEqual(error, 0)
                self.assertGreater(len(set(buffer.raw)), 100)
        self.assertEqual(self.call("getentropy", buffer, 257),
                         (-1, errno.EIO))

    def test_memory_is_cleared(self):
        buffer = ctypes.create_string_buffer(b"secret and public")
        self.call("explicit_bzero", buffer, 6)
        self.assertEqual(buffer.raw, b"\0" * 6 + b" and public\0")
        self.call("__explicit_bzero_chk", buffer, 10, 18)
        self.assertEqual(buffer.raw, b"\0" * 10 + b" public\0")

    def test_overflows_are_fatal(self):
        buffer = ctypes.create_string_buffer(8)

        def overflow():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            self.call("__explicit_bzero_chk", buffer, 9, 8)
            return 0

        self.assertLess(children.fork(overflow), 0)

    def test_closefrom(self):
        def child():
            low, high = os.open("/", os.O_RDONLY), os.open("/", os.O_RDONLY)
            high = os.dup2(high, 200)
            self.call("closefrom", high)
            return (os.path.exists(f"/proc/self/fd/{low}")
                    and not os.path.exists(f"/proc/self/fd/{high}"))

        self.assertEqual(children.fork(child), True)

    def test_statx(self):
        # struct statx: https://man7.org/linux/man-pages/man2/statx.2.html
        buffer = ctypes.create_string_buffer(256)
        with tempfile.NamedTemporaryFile() as file:
            os.truncate(file.name, 12345)
            at_fdcwd, statx_size = -100, 0x200
            self.assertEqual(
                self.call("statx", at_fdcwd, os.fsencode(file.name), 0,
                          statx_size, buffer), (0, 0))
        self.assertEqual(int.from_bytes(buffer.raw[40:48], "little"), 12345)
        self.assertEqual(self.call("statx", -1, b"", 0, 0, buffer),
                         (-1, errno.ENOENT))

    def test_spawn_action_of_a_newer_library(self):
        actions = ctypes.create_string_buffer(256)
        self.assertEqual(self.call(
            "posix_spawn_file_actions_addclosefrom_np", actions, 3)[0],
            errno.ENOSYS)


class WaitTest(Compiled):
    """sem_clockwait() over the sem_timedwait() of an old C library."""

    def setUp(self):
        self.semaphore = ctypes.create_string_buffer(32)
        self.libc = ctypes.CDLL(None)
        self.libc.sem_init(self.semaphore, 0, 0)

    def wait(self, seconds, clock=time.CLOCK_MONOTONIC):
        nanoseconds = time.clock_gettime_ns(clock) + round(seconds * 1e9)
        until = (ctypes.c_long * 2)(*divmod(nanoseconds, 10**9))
        return self.call("sem_clockwait", self.semaphore, clock, until)

    def test_it_times_out(self):
        for clock in time.CLOCK_MONOTONIC, time.CLOCK_REALTIME:
            with self.subTest(clock):
                start = time.monotonic()
                # In a child: with the wrong clock it would wait for years.
                self.assertEqual(children.fork(
                    lambda clock=clock: self.wait(0.1, clock)
                    != (-1, errno.ETIMEDOUT)), 0)
                self.assertGreaterEqual(time.monotonic() - start, 0.099)

    def test_the_past(self):
        self.assertEqual(self.wait(-3), (-1, errno.ETIMEDOUT))
        self.libc.sem_post(self.semaphore)
        self.assertEqual(self.wait(-3), (0, 0))

    def test_it_is_taken(self):
        self.libc.sem_post(self.semaphore)
        self.assertEqual(self.wait(5), (0, 0))
        self.assertEqual(self.wait(0), (-1, errno.ETIMEDOUT))

    def test_other_clocks(self):
        self.assertEqual(self.wait(1, time.CLOCK_PROCESS_CPUTIME_ID),
                         (-1, errno.EINVAL))


if __name__ == "__main__":
    unittest.main()
