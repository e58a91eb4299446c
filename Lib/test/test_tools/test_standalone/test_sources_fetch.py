"""Test sources.fetch and download.py against a real server on loopback."""

import contextlib
import ensurepip
import hashlib
import http.server
import io
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

from standalone.core.errors import FetchError, UsageError
from standalone.core.layout import TOOLS
from standalone.core.model import Patch, PatchSeries, Pin, SourceFile
from standalone.sources import download
from standalone.sources.fetch import cached, fetch

from . import children, loopback

# Several chunks, and nothing that compresses or repeats.
DATA = random.Random(1).randbytes(1_500_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
WRONG = DATA[:-1] + b"?"
WRONG_SHA256 = hashlib.sha256(WRONG).hexdigest()
PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))


class Handler(http.server.BaseHTTPRequestHandler):
    """The path says how to misbehave: /ok/name, /truncated/name, ..."""

    def do_GET(self):
        # As a proxy it is asked for whole URLs.
        how = re.match(r"(?:http://[^/]*)?/(\w+)/", self.path)[1]
        asked = self.headers["Range"]
        with self.server.lock:
            self.server.seen.append((self.path, asked))
        if how == "missing":
            self.send_error(404)
            return
        data = WRONG if how == "wrong" else DATA
        start = 0
        if asked and how != "norange":
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(data):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range",
                             f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        data = data[start:]
        if how == "truncated":
            data = data[:1_000_000]
        elif how == "stalled":
            self.wfile.write(data[:1_000_000])
            self.wfile.flush()
            self.server.stalled.set()
            self.server.released.wait(60)
            return
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data)

    def log_message(self, *args):
        pass


class FetchTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.downloads = self.dir / "cache" / "downloads"
        self.apt = self.dir / "apt"
        self.apt.mkdir()
        self.server = loopback.serve(self, Handler)
        self.server.lock = threading.Lock()
        self.server.seen = []
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        # No proxy of the tester's, who may need one for other hosts.
        self.enterContext(mock.patch.dict(
            os.environ, {"no_proxy": "127.0.0.1,localhost"}))
        self.said = self.enterContext(
            contextlib.redirect_stderr(io.StringIO()))

    def pin(self, *locations, name="dep", sha256=SHA256):
        return Pin(name, "1.0", "MIT", (SourceFile(sha256, tuple(
            location.format(self.base) for location in locations)),))

    def fetch(self, *pins, sources=None, tree=None):
        return fetch(pins, self.downloads, sources, tree=tree,
                     apt_configuration=self.apt)

    def assertFetched(self, pin, **kwargs):
        path = self.fetch(pin, **kwargs)[pin.name]
        self.assertEqual(path.read_bytes(), DATA)
        self.assertEqual(cached(pin, self.downloads), path)
        self.assertNothingPartial()

    def assertNothingPartial(self):
        self.assertEqual(list(self.downloads.glob("*.partial")), [])

    def fails(self, *pins, **kwargs):
        with self.assertRaises(FetchError) as caught:
            self.fetch(*pins, **kwargs)
        return caught.exception

    def test_archive_of_patches(self):
        """It is fetched with the source, also from the user's directory."""
        def pin(sha256):
            patched = PatchSeries((Patch("a.patch", "0" * 64),), SourceFile(
                sha256, (f"{self.base}/wrong/dep.debian.tar.xz",)))
            ours = PatchSeries((Patch("b.patch", "0" * 64),))
            return replace(self.pin("{}/ok/dep.tar.gz"),
                           patches=(ours, patched))
        found = self.fetch(pin(WRONG_SHA256))
        self.assertEqual({*found}, {"dep", "dep-patches-2"})
        self.assertEqual(found["dep"].read_bytes(), DATA)
        self.assertEqual(found["dep-patches-2"].read_bytes(), WRONG)
        shutil.rmtree(self.downloads)
        directory = self.dir / "mine"
        directory.mkdir()
        for name, data in ("a", DATA), ("b", WRONG):
            (directory / name).write_bytes(data)
        self.server.seen.clear()
        again = self.fetch(pin(WRONG_SHA256), sources=directory)
        self.assertEqual(again, found)
        self.assertEqual(self.server.seen, [])
        # With another hash it is refused like any source.
        error = self.fails(pin("0" * 64))
        self.assertEqual(error.exit_code, 3)
        for word in ("cannot fetch dep-patches-2 1.0", "0" * 64,
                     WRONG_SHA256, "dep.debian.tar.xz"):
            self.assertIn(word, f"{error.message}\n{error.hint}")
        self.assertFalse(any("000000000000" in path.name and
                             not path.name.startswith(".")
                             for path in self.downloads.iterdir()))

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
    def test_debian_location(self):
        (self.apt / "sources.list").write_text(
            f"deb {self.base}/missing sid main\n"
            f"deb [trusted=yes] {self.base}/ok sid main\n")
        self.assertFetched(self.pin("debian:pool/main/d/d_1+2~3.orig.tar.xz"))
        self.assertEqual(
            [path for path, _ in self.server.seen],
            [f"/{how}/pool/main/d/d_1+2~3.orig.tar.xz"
             for how in ("missing", "ok")])

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_package_location(self):
        pin, wheel = self.wheel()
        data = wheel.read_bytes()
        path = self.fetch(pin, tree=self.tree)[pin.name]
        self.assertEqual(path.read_bytes(), data)
        wheel.unlink()
        self.assertEqual(self.fetch(pin), {pin.name: path})    # the cache
        self.assertEqual(self.said.getvalue(), "fetch: demo 1.0: 0.0 MB from "
                         "package:demo-1.0-py3-none-any.whl\n")

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_package_with_other_bytes_or_nowhere(self):
        pin, wheel = self.wheel()
        with zipfile.ZipFile(wheel, "a") as file:
            file.writestr("demo/evil.py", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        sha256 = pin.files[0].sha256
        error = self.fails(pin, tree=self.tree)
        self.assertIn(f"package:{wheel.name}: expected sha256 {sha256}, "
                      f"got {digest}", error.message)
        wheel.unlink()
        error = self.fails(pin, tree=self.tree)
        self.assertIn("demo==1.0", error.message)
        self.assertIn(f"{wheel.name}  sha256 {sha256}", error.hint)
        self.assertEqual([path for path in self.downloads.iterdir()
                          if path.suffix != ".lock"], [])

    def test_package_in_sources_needs_no_pip(self):
        pin, wheel = self.wheel()
        path = self.fetch(pin, sources=wheel.parent)[pin.name]
        self.assertEqual(path.read_bytes(), wheel.read_bytes())

    def test_package_without_a_tree(self):
        pin, _ = self.wheel()
        self.assertIn("package:demo-1.0-py3-none-any.whl: needs the pip",
                      self.fails(pin).message)

    def wheel(self):
        """A pinned wheel in the only place where pip is to look for it,
        and self.tree, which has a pip."""
        self.tree = self.dir / "tree"
        bundled = self.tree / "Lib" / "ensurepip" / "_bundled"
        bundled.mkdir(parents=True)
        for pip in PIPS[:1]:
            (bundled / pip.name).symlink_to(pip)
        wheels = self.dir / "wheels"
        wheels.mkdir()
        self.enterContext(mock.patch.dict(os.environ, {
            "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}))
        path = wheels / "demo-1.0-py3-none-any.whl"
        info = "demo-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\n"
                          "Name: demo\nVersion: 1.0\n")
            file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n"
                          "Root-Is-Purelib: true\nTag: py3-none-any\n")
            file.writestr(f"{info}/RECORD", "")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.pin(f"package:{path.name}", name="demo",
                        sha256=sha256), path

    def test_sources_directory_needs_no_network(self):
        offered = self.dir / "offered" / "deeper"
        offered.mkdir(parents=True)
        (offered / "another name").write_bytes(DATA)
        (offered / "x").write_bytes(WRONG)   # the name alone is nothing
        self.assertFetched(self.pin("{}/ok/x"), sources=offered.parent)
        self.assertEqual(self.server.seen, [])

    def test_sources_directory_without_the_file(self):
        self.assertFetched(self.pin("{}/ok/x"), sources=self.apt)

    def test_sources_is_no_directory(self):
        with self.assertRaises(UsageError):
            self.fetch(self.pin("{}/ok/x"), sources=self.dir / "missing")

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
