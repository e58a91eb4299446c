"""Test sources.fetch and download.py against a real server on loopback."""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

from standalone.core.layout import TOOLS
from standalone.core.model import Pin, SourceFile
from standalone.sources import download
from standalone.sources.fetch import cached

from . import children
from .fetching import DATA, SHA256, WRONG, WRONG_SHA256, FetchTestCase


class FetchTest(FetchTestCase):

    def test_download_then_cache(self):
        pin = self.pin("{}/ok/dep.tar.gz")
        self.assertIsNone(cached(pin, self.downloads))
        self.assertFetched(pin)
        self.assertRegex(self.said.getvalue(),
                         r"\Afetch: dep 1\.0: 1\.5 MB from \S+\n\Z")
        self.assertFetched(pin)
        self.assertEqual(len(self.server.seen), 1)

    def test_many_at_once(self):
        pins = [self.pin(f"{{}}/ok/{n}", name=f"dep{n}") for n in range(20)]
        self.assertEqual(set(self.fetch(*pins)), {pin.name for pin in pins})

    def test_first_location_with_the_bytes_wins(self):
        self.assertFetched(self.pin("{}/missing/x", "{}/wrong/x", "{}/ok/x",
                                    "{}/ok/never"))
        self.assertEqual([path for path, _ in self.server.seen],
                         ["/missing/x", "/wrong/x", "/ok/x"])

    def test_alternative_file(self):
        pin = self.pin("{}/missing/x")
        other = SourceFile(WRONG_SHA256, (f"{self.base}/wrong/repack",))
        pin = Pin("dep", "1.0", "MIT", (*pin.files, other))
        self.assertEqual(self.fetch(pin)["dep"].read_bytes(), WRONG)

    def test_wrong_bytes_are_refused_with_both_hashes(self):
        error = self.fails(self.pin("{}/wrong/dep.tar.gz"))
        for text in (error.message, self.said.getvalue()):
            self.assertIn(f"expected sha256 {SHA256}", text)
            self.assertIn(f"got {WRONG_SHA256}", text)
            self.assertIn(f"{self.base}/wrong/dep.tar.gz", text)
        self.assertIn("SOURCES=DIR", error.hint)
        self.assertIn(f"dep.tar.gz  sha256 {SHA256}", error.hint)
        self.assertIsNone(cached(self.pin("x"), self.downloads))
        self.assertNothingPartial()

    def test_truncated_is_refused_with_both_hashes(self):
        error = self.fails(self.pin("{}/truncated/x"))
        self.assertIn(f"expected sha256 {SHA256}", error.message)
        self.assertIn(hashlib.sha256(DATA[:1_000_000]).hexdigest(),
                      error.message)
        self.assertIn("got 1000000 of 1500000 bytes", error.message)
        self.assertNothingPartial()

    def test_every_source_and_location_that_failed_is_named(self):
        error = self.fails(
            self.pin("{}/missing/a", "{}/wrong/b", name="one"),
            self.pin("{}/ok/c", name="two"),
            self.pin("{}/missing/d", "debian:pool/main/d.xz", name="three",
                     sha256=WRONG_SHA256))
        none = "no Debian archive in apt's configuration"
        for part in ("one 1.0", "/missing/a: HTTP 404", "/wrong/b: expected",
                     "three 1.0", "/missing/d: HTTP 404",
                     f"debian:pool/main/d.xz: {none}"):
            self.assertIn(part, error.message)
        self.assertNotIn("two", error.message)

    def test_damaged_cache_is_fetched_anew(self):
        pin = self.pin("{}/ok/x")
        path = self.fetch(pin)["dep"]
        path.write_bytes(WRONG)
        self.assertIsNone(cached(pin, self.downloads))
        self.assertFetched(pin)
        self.assertIn(f"expected sha256 {SHA256}, got {WRONG_SHA256}",
                      self.said.getvalue())

    def test_damaged_cache_is_not_kept_where_nothing_can_be_fetched(self):
        path = self.fetch(self.pin("{}/ok/x"))["dep"]
        path.write_bytes(WRONG)
        self.fails(self.pin("{}/missing/x"))
        self.assertFalse(path.exists())

    def test_resume(self):
        pin = self.pin("{}/ok/x")
        path = self.fetch(pin)["dep"]
        path.unlink()
        path.with_name(path.name + ".partial").write_bytes(DATA[:900_000])
        self.assertFetched(pin)
        self.assertEqual(self.server.seen[-1], ("/ok/x", "bytes=900000-"))

    def test_resume_without_server_support(self):
        self.partial("norange", DATA[:900_000])
        self.assertFetched(self.pin("{}/norange/x"))

    def test_resume_of_other_bytes_starts_over(self):
        self.partial("ok", b"?" * 900_000)
        self.assertFetched(self.pin("{}/ok/x"))
        self.assertEqual([asked for _, asked in self.server.seen],
                         ["bytes=900000-", None])

    def test_resume_of_too_many_bytes_starts_over(self):
        self.partial("ok", DATA + DATA)
        self.assertFetched(self.pin("{}/ok/x"))

    def partial(self, how, data):
        self.downloads.mkdir(parents=True)
        (self.downloads / f"{SHA256[:12]}-x.partial").write_bytes(data)

    def test_killed_run_leaves_partial_and_the_next_resumes(self):
        child = self.child("stalled/x")
        self.assertTrue(self.server.stalled.wait(10))
        partial = self.downloads / f"{SHA256[:12]}-x.partial"
        self.until(lambda: partial.exists() and partial.stat().st_size)
        child.send_signal(signal.SIGKILL)
        child.wait(children.DEADLINE)
        left = {path.name for path in self.downloads.iterdir()
                if not path.name.startswith(".")}
        self.assertEqual(left, {partial.name})
        size = partial.stat().st_size
        self.assertFetched(self.pin("{}/ok/x"))
        self.assertEqual(self.server.seen[-1], ("/ok/x", f"bytes={size}-"))

    def test_second_build_waits_for_the_first(self):
        child = self.child("stalled/x")
        self.assertTrue(self.server.stalled.wait(10))
        second = threading.Thread(target=self.fetch,
                                  args=(self.pin("{}/ok/x"),))
        second.start()
        second.join(0.3)
        self.assertTrue(second.is_alive())
        self.server.released.set()           # the first finds it truncated
        second.join(10)
        self.assertEqual(child.wait(10), 1)
        self.assertFetched(self.pin("{}/ok/x"))
        self.assertEqual([path for path, _ in self.server.seen],
                         ["/stalled/x", "/ok/x"])

    def child(self, path):
        """Another build that fetches *path*."""
        return children.start(
            self, [sys.executable, "-c", CHILD, f"{self.base}/{path}",
                   SHA256, str(self.downloads)],
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent)},
            stderr=subprocess.DEVNULL)

    def until(self, condition):
        deadline = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    @contextlib.contextmanager
    def connecting(self):
        """The hosts and ports that are tried meanwhile, in turn."""
        with mock.patch.object(
                download.socket, "create_connection",
                wraps=socket.create_connection) as connect:
            tried = []
            yield tried
            tried += [call.args[0] for call in connect.call_args_list]

    def test_refused_host_fails_over_at_once(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        with self.connecting() as tried:
            self.assertFetched(self.pin(
                f"http://127.0.0.1:{port}/x", "http://no-such-host.invalid/x",
                "{}/ok/x"))
        self.assertEqual(tried.count(("127.0.0.1", port)), 1)
        self.assertEqual(tried.count(("no-such-host.invalid", 80)), 1)

    def test_silent_host_is_waited_for_once(self):
        # Nobody accepts, and the queue is full: what a firewall that
        # drops packets looks like.
        with contextlib.ExitStack() as stack:
            silent = stack.enter_context(socket.socket())
            silent.bind(("127.0.0.1", 0))
            silent.listen(0)
            for _ in range(4):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(silent.getsockname())
            dead = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with self.connecting() as tried:
                self.fetch(*(self.pin(f"{dead}/{n}", f"{{}}/ok/{n}",
                                      name=f"dep{n}") for n in range(20)))
            self.assertEqual(tried.count(silent.getsockname()), 1)

    @unittest.skipUnless(shutil.which("apt-get"), "needs apt")
    def test_cache_that_cannot_be_written(self):
        self.downloads.parent.write_text("a file where the cache would be")
        error = self.fails(self.pin("{}/ok/x"))
        self.assertIn(str(self.downloads), error.message)

    def test_proxy_is_used(self):
        with mock.patch.dict(os.environ, {"http_proxy": f"{self.base}/",
                                          "no_proxy": ""}):
            self.assertFetched(self.pin("http://no-such-host.invalid/ok/x"))
        self.assertEqual(self.server.seen,
                         [("http://no-such-host.invalid/ok/x", None)])


CHILD = """\
import sys
from pathlib import Path
from standalone.sources.fetch import fetch
from standalone.core.model import Pin, SourceFile
url, sha256, downloads = sys.argv[1:]
fetch([Pin("dep", "1.0", "MIT", (SourceFile(sha256, (url,)),))],
      Path(downloads), apt_configuration=Path("/nowhere"))
"""


if __name__ == "__main__":
    unittest.main()
