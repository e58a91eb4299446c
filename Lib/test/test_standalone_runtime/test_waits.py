"""Test waits with a timeout: by the clock that nobody sets."""

import platform
import signal
import threading
import time
import unittest

from test.support import SHORT_TIMEOUT
from test.test_standalone_runtime import kernel

LIBC = tuple(map(int, platform.libc_ver()[1].split(".")[:2]))


class WaitTests(unittest.TestCase):

    def test_timeouts(self):
        lock = threading.Lock()
        lock.acquire()
        for name, wait in {
                "lock": lambda: lock.acquire(timeout=0.1),
                "event": lambda: threading.Event().wait(0.1)}.items():
            with self.subTest(name):
                start = time.monotonic()
                self.assertFalse(wait())
                self.assertGreaterEqual(time.monotonic() - start, 0.1)
                self.assertLess(time.monotonic() - start, SHORT_TIMEOUT)

    def test_woken_in_time(self):
        event = threading.Event()
        timer = threading.Timer(0.05, event.set)
        timer.start()
        self.addCleanup(timer.join)
        self.assertTrue(event.wait(SHORT_TIMEOUT))

    @unittest.skipUnless(kernel.works(), "no seccomp filters")
    def test_the_clock_on_the_wall_may_jump(self):
        done = kernel.under("trap-wall", """
            import queue, threading
            lock = threading.Lock()
            lock.acquire()
            print(lock.acquire(timeout=0.01))
            print(threading.Event().wait(0.01))
            print(threading.Condition(lock).wait(0.01))
            try:
                queue.SimpleQueue().get(timeout=0.01)
            except queue.Empty:
                print(False)
            thread = threading.Thread(target=lock.acquire, daemon=True)
            thread.start()
            print(thread.join(0.01))
            """)
        if LIBC < (2, 30):
            # As CPython does there; Debian's as well.
            self.assertEqual(done.returncode, -signal.SIGSYS)
            self.skipTest("sem_clockwait() is in glibc since 2.30")
        self.assertEqual((done.returncode, done.stdout.split()),
                         (0, ["False"] * 4 + ["None"]))

    @unittest.skipUnless(kernel.works(), "no seccomp filters")
    def test_that_a_wait_by_the_wall_is_seen(self):
        # sem_timedwait(), which is by that clock, on a new semaphore.
        done = kernel.under("trap-wall", """
            import ctypes, time
            semaphore = ctypes.create_string_buffer(32)
            until = (ctypes.c_long * 2)(int(time.time()) + 1, 0)
            libc = ctypes.CDLL(None)
            libc.sem_init(semaphore, 0, 0)
            libc.sem_timedwait(semaphore, until)
            """)
        self.assertEqual(done.returncode, -signal.SIGSYS, done.stdout)


if __name__ == "__main__":
    unittest.main()
