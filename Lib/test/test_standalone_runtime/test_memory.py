"""A process that may never execute what it could once write."""

import sys
import unittest

from test.test_standalone_runtime import tree

# https://man7.org/linux/man-pages/man2/PR_SET_MDWE.2const.html
HARDENED = """\
import ctypes, errno, mmap, sys, threading

PR_SET_MDWE, PR_GET_MDWE, REFUSE_EXEC_GAIN = 65, 66, 1
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0):
    print("not supported", errno.errorcode[ctypes.get_errno()])
    sys.exit()
assert libc.prctl(PR_GET_MDWE, 0, 0, 0, 0) == REFUSE_EXEC_GAIN
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE
              | mmap.PROT_EXEC)
except PermissionError:
    pass
else:
    sys.exit("memory to be written and executed is still to be had")
"""
THREADS = """\
import bz2, decimal, hashlib, lzma, sqlite3, ssl, zlib

def work():
    connection = sqlite3.connect(":memory:")
    assert connection.execute("SELECT 6 * 7").fetchone() == (42,)
    connection.close()
    assert hashlib.sha256(b"x" * 10_000_000).digest()
    assert zlib.decompress(zlib.compress(data)) == data
    assert lzma.decompress(lzma.compress(data)) == data
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
    assert decimal.Decimal(2).sqrt()
    done.append(True)

data, done = bytes(range(256)) * 1000, []
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(60)
print("threads", len(done))
"""
CALLBACKS = """\
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                  ctypes.POINTER(ctypes.c_int))
def compare(left, right):
    return left[0] - right[0]

numbers = (ctypes.c_int * 4)(3, 1, 2, 0)
thread = threading.Thread(
    target=libc.qsort, args=(numbers, len(numbers), 4, compare))
thread.start()
thread.join(60)
print("sorted", list(numbers))
"""


class WriteOrExecuteTests(unittest.TestCase):
    """PR_SET_MDWE, of Linux 6.3; systemd's MemoryDenyWriteExecute=."""

    def under_it(self, program):
        said = tree.run(sys.executable, "-c",
                        HARDENED + program)
        if said.startswith("not supported"):
            self.skipTest(f"this kernel has no PR_SET_MDWE: {said}")
        return said

    def test_threads(self):
        self.assertEqual(self.under_it(THREADS), "threads 8")

    def test_callbacks(self):
        """libffi's closures need no such memory."""
        self.assertEqual(self.under_it(CALLBACKS), "sorted [0, 1, 2, 3]")


if __name__ == "__main__":
    unittest.main()
