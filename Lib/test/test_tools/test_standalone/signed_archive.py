"""A small Debian archive with real signatures, on the loopback interface."""

import contextlib
import hashlib
import http.server
import lzma
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import children, loopback

MISSING = [tool for tool in ("apt-get", "gpg", "gpgv")
           if not shutil.which(tool)]


class Handler(http.server.SimpleHTTPRequestHandler):
    """The files of the archive, but as a bad server may send them.

    *modes* of the server maps the end of a path to "truncated", "half" (a
    short file, and its length), "stalled" or "slow" (it never ends).
    """

    def __init__(self, *args):
        super().__init__(*args, directory=args[2].directory)

    def do_GET(self):
        self.server.asked.append(self.path)
        mode = next((mode for end, mode in self.server.modes.items()
                     if self.path.endswith(end)), "")
        path = Path(self.translate_path(self.path))
        if not mode or not path.exists():
            super().do_GET()
            return
        data = path.read_bytes()
        sent = data[:len(data) // 2]
        self.send_response(200)
        self.send_header("Content-Length",
                         str({"half": len(sent), "slow": 1 << 20}.get(
                             mode, len(data))))
        self.end_headers()
        self.wfile.write(sent)
        if mode == "stalled":
            self.wfile.flush()
            self.server.stalled.set()
            self.server.released.wait(60)
        while mode == "slow" and not self.server.released.wait(0.05):
            try:
                self.wfile.write(b"?")
            except OSError:          # the client has left
                break

    def log_message(self, *args):
        pass


class Keys:
    """Keys of gpg that the end of a test throws away."""

    def __init__(self, test):
        # A short path: gpg's agent has a socket in it.
        self.home = Path(test.enterContext(
            tempfile.TemporaryDirectory(dir="/tmp")))
        self.env = {**os.environ, "GNUPGHOME": str(self.home)}
        test.addCleanup(children.run, ["gpgconf", "--kill", "gpg-agent"],
                        stderr=subprocess.DEVNULL, env=self.env)

    def gpg(self, *words, text=None):
        done = children.run(["gpg", "--batch", *words], env=self.env,
                            capture_output=True, input=text, check=True)
        return done.stdout

    def make(self, name):
        self.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519",
                 "sign", "never")

    def public(self, name, *options):
        return self.gpg("--export", *options, name)

    def sign(self, text, *names):
        return self.gpg("--clearsign", *(f"--local-user={name}"
                                         for name in names),
                        text=text.encode())


class Archive:
    """An archive, its server, and a configuration of apt that names it."""

    def __init__(self, test, keys):
        self.dir = Path(test.enterContext(tempfile.TemporaryDirectory()))
        self.keys = keys
        self.server = loopback.serve(test, Handler)
        self.server.directory = str(self.dir)
        self.server.asked = []
        self.server.modes = {}
        self.base = f"http://127.0.0.1:{self.server.server_port}/debian"
        self.apt = self.dir / "etc"
        (self.apt / "sources.list.d").mkdir(parents=True)
        (self.apt / "trusted.gpg.d").mkdir()

    def configure(self, *suites, signed_by=""):
        option = f"[signed-by={signed_by}] " if signed_by else ""
        (self.apt / "sources.list").write_text("".join(
            f"deb {option}{self.base} {suite} main\n" for suite in suites))

    def trust(self, name):
        (self.apt / f"trusted.gpg.d/{name}.gpg").write_bytes(
            self.keys.public(name))

    def folder(self, suite):
        return self.dir / "debian/dists" / suite

    def write(self, suite, versions, *, signers=("good",), **fields):
        """Write the index of *suite*: package → its versions."""
        folder = self.folder(suite)
        source = folder / "main/source"
        source.mkdir(parents=True, exist_ok=True)
        text = "".join(
            f"Package: {package}\nBinary: a, b\nVersion: {version}\n"
            f"Package-List:\n b deb libs optional arch=any\n\n"
            for package, listed in versions.items() for version in listed)
        data = lzma.compress(text.encode())
        sha256 = hashlib.sha256(data).hexdigest()
        (source / "Sources.xz").write_bytes(data)
        with contextlib.suppress(FileExistsError):
            (source / "by-hash/SHA256").mkdir(parents=True)
        (source / f"by-hash/SHA256/{sha256}").write_bytes(data)
        release = {"Origin": "Test", "Suite": suite, "Codename": suite,
                   **fields}
        text = "".join(f"{name.replace('_', '-')}: {value}\n"
                       for name, value in release.items())
        text += (f"MD5Sum:\n {hashlib.md5(data).hexdigest()} {len(data)} "
                 "main/source/Sources.xz\n"
                 f"SHA256:\n {'0' * 64} 1 main/binary-all/Packages.xz\n"
                 f" {sha256} {len(data)} main/source/Sources.xz\n")
        (folder / "InRelease").write_bytes(
            self.keys.sign(text, *signers) if signers else text.encode())
