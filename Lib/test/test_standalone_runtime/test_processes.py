"""Children: subprocess, multiprocessing, pools of both kinds."""

import concurrent.futures
import multiprocessing
import os
import signal
import sys
import tempfile
import unittest
from multiprocessing import forkserver, resource_tracker, shared_memory
from pathlib import Path

from test.support import SHORT_TIMEOUT, sleeping_retry
from test.test_standalone_runtime import children, tree


def tearDownModule():
    # Servers that these tests have started; regrtest looks for them.
    forkserver._forkserver._stop()
    resource_tracker._resource_tracker._stop()


def answer(inbox, outbox):
    """In a child: where it runs, and what it was sent."""
    import ssl  # one of those that are linked in
    outbox.put((inbox.get() * 2, sys.executable, sys.prefix,
                ssl.OPENSSL_VERSION))


def cube(number):
    return number ** 3


class MultiprocessingTests(unittest.TestCase):

    def test_start_methods(self):
        for method in ("spawn", "forkserver", "fork"):
            with self.subTest(method):
                context = multiprocessing.get_context(method)
                inbox, outbox = context.Queue(), context.Queue()
                child = context.Process(target=answer, args=(inbox, outbox),
                                        daemon=True)
                child.start()
                self.addCleanup(child.kill)
                inbox.put(21)
                number, executable, prefix, _ = outbox.get(
                    timeout=SHORT_TIMEOUT)
                child.join(SHORT_TIMEOUT)
                self.assertEqual(child.exitcode, 0)
                self.assertEqual(number, 42)
                self.assertEqual(executable, sys.executable)
                self.assertEqual(prefix, sys.prefix)

    def test_pool(self):
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            self.assertEqual(
                pool.map_async(cube, range(5)).get(children.DEADLINE),
                [0, 1, 8, 27, 64])

    def test_semaphores_and_shared_memory(self):
        memory = shared_memory.SharedMemory(create=True, size=16)
        self.addCleanup(memory.unlink)
        self.addCleanup(memory.close)
        memory.buf[:3] = b"abc"
        # New in 3.13; before, a process tracks each name once.
        track = {"track": False} if sys.version_info >= (3, 13) else {}
        other = shared_memory.SharedMemory(memory.name, **track)
        self.addCleanup(other.close)
        self.assertEqual(bytes(other.buf[:3]), b"abc")
        lock = multiprocessing.get_context("spawn").Lock()
        self.assertTrue(lock.acquire(timeout=1))
        self.assertFalse(lock.acquire(timeout=0.01))
        lock.release()


class ExecutorTests(unittest.TestCase):

    def test_processes(self):
        with concurrent.futures.ProcessPoolExecutor(
                2, multiprocessing.get_context("spawn")) as pool:
            self.assertEqual(list(pool.map(cube, range(4))), [0, 1, 8, 27])

    def test_threads(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(cube, range(4))), [0, 1, 8, 27])


class SubprocessTests(unittest.TestCase):

    def test_same_python(self):
        self.assertEqual(
            tree.run(sys.executable, "-c",
                     "import sys; print(sys.executable, sys.prefix)"),
            f"{sys.executable} {sys.prefix}")

    def test_files_and_signals(self):
        """posix_spawn or vfork, pipes, groups and signals."""
        with tempfile.TemporaryFile() as file:
            child = children.start(
                self, [sys.executable, "-c", "import os, time\n"
                 "os.write(1, b'started'); time.sleep(600)"],
                stdout=file, pass_fds=(0,))
            for _ in sleeping_retry(SHORT_TIMEOUT):
                if os.fstat(file.fileno()).st_size:
                    break
            os.killpg(child.pid, signal.SIGTERM)
            self.assertEqual(child.wait(SHORT_TIMEOUT), -signal.SIGTERM)

    @tree.requires_tool("env")
    def test_nothing_leaks_into_children(self):
        """Their environment contains none of our variables."""
        said = tree.run("env", "-i", tree.PYTHON, "-c",
                        "import os, ssl, sysconfig, subprocess, sys; "
                        "sys.stdout.flush(); subprocess.run(['/usr/bin/env'])")
        # LC_CTYPE is PEP 538's coercion of the C locale.
        self.assertEqual({line for line in said.splitlines()
                          if not line.startswith("LC_CTYPE=")}, set())

    def test_zipapp(self):
        import zipapp
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory, "app")
            source.mkdir()
            (source / "__main__.py").write_text("print('zipped')")
            target = Path(directory, "app.pyz")
            zipapp.create_archive(source, target)
            self.assertEqual(tree.run(sys.executable, target), "zipped")


if __name__ == "__main__":
    unittest.main()
