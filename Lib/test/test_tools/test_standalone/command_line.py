"""The command line as users call it, in a checkout of its own."""

import contextlib
import http.server
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from standalone.core.layout import ROOT
from standalone.cpython import overlay

from . import children
from .trees import small_tree

VERSION = "3.13.99"
# As the user of this test sees it, with a disk of that many bytes.
SMALL_DISK = 'mount -t tmpfs -o size=$0 none "$1" && shift && exec "$@"'


def unshare(script, *argv):
    """*argv* in a mount namespace of its own, after *script*."""
    return ["unshare", "-rm", "sh", "-c", script, *map(str, argv)]


def can_mount():
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(OSError):
        return not children.run(unshare(SMALL_DISK, 65536, name, "true"),
                                stderr=subprocess.DEVNULL).returncode
    return False
CAN_MOUNT = can_mount()


def closed_port():
    """A port of the loopback interface at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def archive(tree, *members):
    """A .tar.gz of *tree*, and of empty files with odd names."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        tar.add(tree, "Python")
        for name in members:
            tar.addfile(tarfile.TarInfo(name))
    return data.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):

    def do_GET(self):
        data, mode = self.server.data, self.server.mode
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if mode == "tampered":
            data = data[:-1] + b"?"
        elif mode in ("truncated", "stalled"):
            data = data[:len(data) // 2]
        self.wfile.write(data)
        if mode == "stalled":
            self.wfile.flush()
            self.server.stalled.set()
            self.server.released.wait(60)

    def log_message(self, *args):
        pass


class CliTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.checkout = self.dir / "ein Prüfling"
        self.out = self.dir / "out"
        self.cache = self.dir / "cache"
        for path in [*overlay.files(), Path("Makefile"),
                     Path("configure.ac")]:
            if (ROOT / path).exists() and "elf_samples" not in path.parts:
                (self.checkout / path).parent.mkdir(parents=True,
                                                    exist_ok=True)
                shutil.copy(ROOT / path, self.checkout / path)
        self.nowhere = f"http://127.0.0.1:{closed_port()}/"
        self.env = {
            "PATH": os.defpath, "HOME": str(self.dir / "home"),
            "XDG_CACHE_HOME": str(self.cache),
            "PYTHONPATH": str(self.checkout / "Tools"),
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHON3": sys.executable,
            "http_proxy": self.nowhere, "https_proxy": self.nowhere,
            "no_proxy": "127.0.0.1", "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.nowhere}

    def tree(self, name="ein Baum, größer", version=VERSION):
        return small_tree(self.dir / name, version)

    def command(self, *argv):
        return [sys.executable, "-m", "standalone", *map(str, argv)]

    def run_in(self, argv, cwd=None):
        return children.run([*map(str, argv)], cwd=cwd or self.dir,
                            env=self.env, text=True, capture_output=True,
                            timeout=60)

    def build(self, *argv, command="build"):
        return self.run_in(self.command(command, f"--out={self.out}", *argv))

    def make(self, *argv, file="Makefile.standalone"):
        return self.run_in(["make", "-f", file, *argv], self.checkout)

    def assertFails(self, done, code, *words):
        """One clear line, a hint, nothing of Python's; the error."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        errors = [line for line in done.stderr.splitlines()
                  if line.startswith("standalone: error: ")]
        self.assertEqual(len(errors), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def assertUntouched(self):
        self.assertFalse(self.out.exists())
        self.assertFalse(self.cache.exists())
