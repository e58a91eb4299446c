"""Test release.sign, with real gpg and a key that is thrown away."""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core.errors import UsageError, ValidationError
from standalone.core.layout import TOOLS
from standalone.release import sign

from . import children

ARCHIVE = "python-3.13.15-install_only.tar.gz"
GPG = shutil.which("gpg")


class SignTestCase(unittest.TestCase):

    def setUp(self):
        # A short path: gpg's agent has a socket in it.
        top = Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        self.out = top / "dist ä"
        self.out.mkdir()
        (self.out / ARCHIVE).write_text("archive")
        digest = hashlib.sha256(b"archive").hexdigest()
        (self.out / "SHA256SUMS").write_text(f"{digest}  {ARCHIVE}\n")
        self.home = top / "gnupg"
        self.home.mkdir(mode=0o700)
        self.bin = top / "bin"
        self.bin.mkdir()
        self.enterContext(mock.patch.dict(os.environ, {
            "GNUPGHOME": str(self.home)}))
        for name in (sign.KEY, *sign._TOKENS):
            os.environ.pop(name, None)

    def sign(self):
        """What is printed, and the number of signatures."""
        with contextlib.redirect_stdout(io.StringIO()) as said:
            made = sign.sign(self.out)
        return said.getvalue(), made

    def names(self):
        return sorted(path.name for path in self.out.iterdir())


class UnsignedTest(SignTestCase):

    def test_no_program(self):
        with mock.patch.dict(os.environ, {"PATH": str(self.bin)}):
            said, made = self.sign()
        self.assertEqual(made, 0)
        self.assertIn("not signed: FILE.asc: no gpg on this machine", said)
        self.assertIn("not signed: FILE.sigstore: no sigstore on", said)
        self.assertEqual(self.names(), ["SHA256SUMS", ARCHIVE])

    def test_key_and_no_gpg(self):
        with (mock.patch.dict(os.environ, {"PATH": str(self.bin),
                                           sign.KEY: "me"}),
              self.assertRaisesRegex(UsageError, "gpg is not installed")):
            self.sign()

    def program(self, script):
        path = self.bin / "sigstore"
        path.write_text(f"#!{sys.executable}\n{script}")
        path.chmod(0o755)
        os.environ["PATH"] = str(self.bin)

    def test_no_identity(self):
        self.program("raise SystemExit('called')")
        said, made = self.sign()
        self.assertEqual(made, 0)
        self.assertIn("FILE.sigstore: no identity; SIGSTORE_IDENTITY_TOKEN"
                      " is not set", said)

    def test_sigstore(self):
        """In place of sigstore, which wants the network: who was called."""
        self.program("import os, sys\n"
                     "assert sys.argv[1:3] == ['sign', '--bundle'], sys.argv\n"
                     "with open(sys.argv[3], 'w') as file:\n"
                     "    file.write(os.environ['SIGSTORE_IDENTITY_TOKEN']\n"
                     "               + open(sys.argv[4]).read())\n")
        os.environ["SIGSTORE_IDENTITY_TOKEN"] = "me "
        said, made = self.sign()
        self.assertEqual(made, 2)
        self.assertIn("signed: 2 files: FILE.sigstore", said)
        self.assertEqual((self.out / f"{ARCHIVE}.sigstore").read_text(),
                         "me archive")

    def test_nothing_to_sign(self):
        (self.out / "SHA256SUMS").unlink()
        with self.assertRaisesRegex(UsageError, "nothing to sign"):
            self.sign()

    def test_tampered_archive(self):
        (self.out / ARCHIVE).write_text("other")
        with self.assertRaisesRegex(
                ValidationError, f"{ARCHIVE} differs from SHA256SUMS"):
            self.sign()

    def test_missing_archive(self):
        (self.out / ARCHIVE).unlink()
        with self.assertRaisesRegex(ValidationError, f"lists {ARCHIVE}: No"):
            self.sign()


@unittest.skipUnless(GPG, "no gpg on this machine")
class GpgTest(SignTestCase):

    def setUp(self):
        super().setUp()
        self.addCleanup(children.run, [
            "gpgconf", "--kill", "gpg-agent"], stderr=subprocess.DEVNULL,
            env={**os.environ, "GNUPGHOME": str(self.home)})

    def gpg(self, *words):
        return children.run(
            [GPG, "--batch", *words], env={**os.environ, "LC_ALL": "C"},
            capture_output=True, text=True)

    def make_key(self, name):
        done = self.gpg("--passphrase", "", "--quick-generate-key",
                        name, "ed25519", "sign", "never")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_signed_and_verified(self):
        self.make_key("first@example.org")
        self.make_key("second@example.org")
        os.environ[sign.KEY] = "second@example.org"
        done = children.run(
            [sys.executable, "-m", "standalone", "sign", "--out", self.out],
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent)},
            capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("signed: 2 files: FILE.asc", done.stdout)
        self.assertEqual(self.names(), [
            "SHA256SUMS", "SHA256SUMS.asc", ARCHIVE, f"{ARCHIVE}.asc"])
        for name in "SHA256SUMS", ARCHIVE:
            done = self.gpg("--verify", self.out / f"{name}.asc",
                            self.out / name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Good signature from \"second@", done.stderr)
        (self.out / ARCHIVE).write_text("other")
        self.assertNotEqual(self.gpg("--verify", self.out / f"{ARCHIVE}.asc",
                                     self.out / ARCHIVE).returncode, 0)

    def test_no_key(self):
        said, made = self.sign()
        self.assertEqual(made, 0)
        self.assertIn("FILE.asc: gpg has no secret key; SIGN_GPG_KEY", said)

    def test_wrong_key(self):
        os.environ[sign.KEY] = "nobody@example.org"
        with self.assertRaisesRegex(UsageError, "no secret key 'nobody@"):
            self.sign()


if __name__ == "__main__":
    unittest.main()
