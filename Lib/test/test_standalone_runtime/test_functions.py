"""What the C library of the baseline does not have: new system calls, and
a kernel that has not got them."""

import errno
import fcntl
import os
import platform
import signal
import socket
import sys
import tempfile
import unittest

from test.test_standalone_runtime import children, kernel, tree

LIBC = tuple(map(int, platform.libc_ver()[1].split(".")[:2]))


class FileTests(unittest.TestCase):

    def setUp(self):
        self.fd = self.enterContext(tempfile.TemporaryFile()).fileno()

    def test_copy_file_range(self):
        os.write(self.fd, b"0123456789")
        with tempfile.TemporaryFile() as target:
            self.assertEqual(os.copy_file_range(
                self.fd, target.fileno(), 4, offset_src=3, offset_dst=2), 4)
            self.assertEqual(os.pread(target.fileno(), 20, 0),
                             b"\0\0003456")
            # Without offsets: from where the files stand.
            os.lseek(self.fd, 8, os.SEEK_SET)
            self.assertEqual(
                os.copy_file_range(self.fd, target.fileno(), 9), 2)
            self.assertEqual(os.pread(target.fileno(), 2, 0), b"89")

    def test_vectors_with_flags(self):
        self.assertEqual(
            os.pwritev(self.fd, [b"one", b"two"], 2, os.RWF_DSYNC), 6)
        first, second = bytearray(4), bytearray(4)
        self.assertEqual(
            os.preadv(self.fd, [first, second], 0, os.RWF_HIPRI), 8)
        self.assertEqual(bytes(first + second), b"\0\0onetwo")
        self.assertEqual(
            os.pwritev(self.fd, [b"end"], 0, os.RWF_APPEND), 3)
        self.assertEqual(os.pread(self.fd, 20, 5), b"twoend")

    def test_vectors_where_the_file_stands(self):
        os.write(self.fd, b"0123456789")
        os.lseek(self.fd, 4, os.SEEK_SET)
        buffer = bytearray(3)
        self.assertEqual(os.preadv(self.fd, [buffer], -1), 3)
        self.assertEqual(bytes(buffer), b"456")
        self.assertEqual(os.pwritev(self.fd, [b"x"], -1), 1)
        self.assertEqual(os.lseek(self.fd, 0, os.SEEK_CUR), 8)

    def test_memory_that_is_sealed(self):
        fd = os.memfd_create("a name", os.MFD_CLOEXEC
                             | os.MFD_ALLOW_SEALING)
        self.addCleanup(os.close, fd)
        self.assertFalse(os.get_inheritable(fd))
        os.write(fd, b"some")
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS,
                    fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW)
        with self.assertRaises(PermissionError):
            os.write(fd, b"more")
        self.assertEqual(os.pread(fd, 10, 0), b"some")

    @unittest.skipUnless(hasattr(os, "statx"), "in os since CPython 3.15")
    def test_statx(self):
        os.write(self.fd, b"0123")
        found = os.statx(self.fd, os.STATX_SIZE)
        self.assertEqual(found.stx_size, 4)


# Prints whether a descriptor has come along.
IS_OPEN = """
import os
try:
    os.fstat({})
    print("open")
except OSError:
    print("closed")
"""

# os.closerange() of 3.12 closes one by one if the kernel has no close_range().
LAST = 2**31 - 1 if sys.version_info >= (3, 13) else 4096


class ProcessTests(unittest.TestCase):

    def setUp(self):
        self.fd, write = os.pipe()
        self.addCleanup(os.close, self.fd)
        self.addCleanup(os.close, write)
        os.set_inheritable(self.fd, True)
        self.argv = [sys.executable, "-c", IS_OPEN.format(self.fd)]

    def test_closerange(self):
        self.assertEqual(tree.run(*self.argv, close_fds=False), "open")
        for first, end, said in (
                (3, self.fd, "open"), (self.fd, self.fd + 1, "closed"),
                (self.fd + 1, 2**31 - 1, "open"), (3, 2**31 - 1, "closed")):
            with self.subTest(first=first, end=end):
                self.assertEqual(tree.run(
                    sys.executable, "-c",
                    f"import os; os.closerange({first}, {end})\n"
                    + IS_OPEN.format(self.fd), pass_fds=[self.fd]), said)

    def test_subprocess_closes(self):
        # The first by posix_spawn() where it can, the second by fork.
        self.assertEqual(tree.run(
            sys.executable, "-c", "import subprocess\n"
            "for cwd in None, '/':\n"
            f"    subprocess.run({self.argv!r}, cwd=cwd, check=True)",
            pass_fds=[self.fd]), "closed\nclosed")

    @unittest.skipIf(sys.version_info < (3, 13), "new in 3.13")
    def test_spawn_closefrom(self):
        if LIBC < (2, 34):
            # subprocess would use it if it were there.
            self.assertFalse(hasattr(os, "POSIX_SPAWN_CLOSEFROM"))
            self.skipTest("in glibc since 2.34")
        read, write = os.pipe()
        pid = os.posix_spawn(sys.executable, self.argv, os.environ,
                             file_actions=[
                                 (os.POSIX_SPAWN_DUP2, write, 1),
                                 (os.POSIX_SPAWN_CLOSEFROM, 3)])
        os.close(write)
        with open(read, encoding="ascii") as said:
            self.assertEqual(said.read(), "closed\n")
        self.assertEqual(children.wait(pid), 0)

    def test_pidfd_that_does_not_block(self):
        try:
            fd = os.pidfd_open(os.getpid(), os.PIDFD_NONBLOCK)
        except OSError as exc:
            # Linux before 5.3, before 5.10.
            self.assertIn(exc.errno, (errno.ENOSYS, errno.EINVAL))
            self.skipTest("not in this kernel")
        self.addCleanup(os.close, fd)
        self.assertFalse(os.get_blocking(fd))


class OtherTests(unittest.TestCase):

    def test_getrandom(self):
        one, other = os.getrandom(300), os.getrandom(300, os.GRND_NONBLOCK)
        self.assertEqual((len(one), len(other)), (300, 300))
        self.assertNotEqual(one, other)

    def test_bluetooth_addresses(self):
        # No Bluetooth is needed for what happens before the system call.
        with socket.socket(socket.AF_UNIX) as real, socket.socket(
                socket.AF_BLUETOOTH, socket.SOCK_STREAM,
                socket.BTPROTO_RFCOMM, fileno=os.dup(real.fileno())) as sock:
            with self.assertRaisesRegex(OSError, "bad bluetooth address"):
                sock.bind(("no address", 1))
            with self.assertRaises(OSError) as caught:
                sock.bind((socket.BDADDR_ANY, 1))
            self.assertIsNotNone(caught.exception.errno)

    def test_nothing_of_it_in_sysconfig(self):
        words = [word for value in tree.build_vars().values()
                 for word in str(value).split() if "compat" in word]
        self.assertEqual(words, [])


@unittest.skipUnless(kernel.works(), "no seccomp filters")
class OldKernelTests(unittest.TestCase):

    def check(self, rules, code, said):
        done = kernel.under(rules, code)
        self.assertEqual((done.returncode, done.stdout), (0, said))

    def test_system_calls_are_made(self):
        # Else the other tests here would say nothing.
        prepared = ("import os, tempfile\n"
                    "file = tempfile.TemporaryFile()\n"
                    "fd = file.fileno()\n")
        for name, code in {
                "close_range": "os.closerange(100, 200)",
                "copy_file_range": "os.copy_file_range(fd, fd, 1)",
                "memfd_create": "os.memfd_create('')",
                "preadv2": "os.preadv(fd, [bytearray(1)], 0)",
                "pwritev2": "os.pwritev(fd, [b'x'], 0)"}.items():
            with self.subTest(name):
                done = kernel.under(f"trap-{name}", prepared + code)
                self.assertEqual(done.returncode, -signal.SIGSYS,
                                 done.stdout)
        # The interpreter starts with it.
        self.assertEqual(kernel.under("trap-getrandom", "").returncode,
                         -signal.SIGSYS)

    def test_that_it_is_said(self):
        for name, code in {
                "copy_file_range": "os.copy_file_range(0, 1, 1)",
                "getrandom": "os.getrandom(1)",
                "memfd_create": "os.memfd_create('')"}.items():
            with self.subTest(name):
                self.check(f"no-{name}", f"""
                    import errno, os
                    try:
                        {code}
                    except OSError as exc:
                        print(errno.errorcode[exc.errno])
                    """, "ENOSYS\n")

    def test_random_numbers(self):
        # What the hashes of strings begin with, and all that is secret.
        # Not OpenSSL's: no build of it works on a kernel of today that
        # has been deprived of this call.
        self.check("no-getrandom", """
            import os, random, secrets, sys, uuid
            print(sys.flags.hash_randomization)
            print(len(os.urandom(300)), len({os.urandom(8), os.urandom(8)}))
            print(len(secrets.token_bytes(9)), uuid.uuid4().version)
            print(random.random() != random.random())
            """, "1\n300 2\n9 4\nTrue\n")

    def test_vectors(self):
        self.check("no-preadv2,no-pwritev2", """
            import errno, os, tempfile
            file = tempfile.TemporaryFile()
            fd = file.fileno()
            buffer = bytearray(4)
            print(os.pwritev(fd, [b"ab", b"cd"], 1))
            print(os.preadv(fd, [buffer], 1), buffer.decode())
            os.lseek(fd, 3, os.SEEK_SET)
            print(os.preadv(fd, [buffer], -1), buffer.decode())
            print(os.pwritev(fd, [b"e"], -1), os.lseek(fd, 0, os.SEEK_CUR))
            for call in (lambda: os.preadv(fd, [buffer], 0, os.RWF_HIPRI),
                         lambda: os.pwritev(fd, [b"x"], 0, os.RWF_SYNC)):
                try:
                    call()
                except OSError as exc:
                    print(exc.errno == errno.EOPNOTSUPP)
            """, "4\n4 abcd\n2 cdcd\n1 6\nTrue\nTrue\n")

    @unittest.skipUnless(os.path.exists("/proc/self/fd"), "then glibc's own "
                         "posix_spawn() needs /proc: no such file")
    def test_closing(self):
        self.check("no-close_range", f"""
            import os, subprocess, sys
            read, write = os.pipe()
            os.set_inheritable(read, True)
            argv = [sys.executable, "-c", {IS_OPEN!r}.format(read)]
            for options in {{"close_fds": False}}, {{}}, {{"cwd": "."}}:
                print(subprocess.check_output(argv, **options).decode())
            far = os.dup2(read, 900)
            os.closerange(write, {LAST})
            for fd in read, write, far:
                exec({IS_OPEN!r}.format(fd))
            """, "open\n\nclosed\n\nclosed\n\nopen\nclosed\nclosed\n")

    def test_closing_without_proc(self):
        # Where the directory cannot be opened: no descriptor is left.
        self.check("no-close_range", f"""
            import os, resource
            read, write = os.pipe()
            end = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            resource.setrlimit(resource.RLIMIT_NOFILE, (write + 1, end))
            os.closerange(read, {LAST})
            for fd in read, write:
                exec({IS_OPEN!r}.format(fd))
            """, "closed\nclosed\n")

    def test_copies(self):
        self.check("no-copy_file_range", """
            import os, pathlib, shutil, tempfile
            with tempfile.TemporaryDirectory() as scratch:
                source = pathlib.Path(scratch, "one")
                source.write_text("text")
                shutil.copy(source, source.with_name("two"))
                print(source.with_name("two").read_text())
            """, "text\n")


if __name__ == "__main__":
    unittest.main()
