"""A server on loopback that misbehaves, and what fetches from it."""

import contextlib
import hashlib
import http.server
import io
import os
import random
import re
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from standalone.core.errors import FetchError
from standalone.core.model import Pin, SourceFile
from standalone.sources.fetch import cached, fetch

from . import loopback

# Several chunks, and nothing that compresses or repeats.
DATA = random.Random(1).randbytes(1_500_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
WRONG = DATA[:-1] + b"?"
WRONG_SHA256 = hashlib.sha256(WRONG).hexdigest()


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


class FetchTestCase(unittest.TestCase):

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
