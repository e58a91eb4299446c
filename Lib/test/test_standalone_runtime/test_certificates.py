"""The certificate authorities that are trusted by default, tried by TLS
over loopback with a private CA.

What needs files in the system's places runs in disposable chroots alone,
which `make check` makes.
"""

import contextlib
import json
import os
import shutil
import ssl
import sys
import tempfile
import unittest
from pathlib import Path

from test.test_standalone_runtime import tree
from test.test_standalone_runtime.test_crypto import CA, CERTDATA, server

BUNDLE = tree.PREFIX / "share" / "certs" / "cacert.pem"
# Signs nothing but itself, and is for localhost too.
OTHER = CERTDATA / "keycert.pem"
# Of CA, by `openssl x509 -subject_hash` and -subject_hash_old.
HASH, OLD_HASH = "b1930218.0", "ceff1710.0"

FILES = (
    "/etc/ssl/cert.pem",                     # Alpine, Arch, RHEL 9, macOS
    "/etc/ssl/certs/ca-certificates.crt",    # Debian, Gentoo, NixOS, Void
    "/etc/ssl/ca-bundle.pem",                # SUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",   # Fedora 43
    "/etc/pki/tls/certs/ca-bundle.crt",      # RHEL 7
    "/etc/pki/tls/cert.pem",                 # RHEL 8
    "/usr/local/etc/ssl/cert.pem",           # FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt",
)
ANDROID = ("/apex/com.android.conscrypt/cacerts",
           "/system/etc/security/cacerts")

#: Says hello on port argv[1]; what came of it and what is trusted.
CLIENT = """\
import json, socket, ssl, sys
{before}
context = {context}
try:
    with (socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as raw,
          context.wrap_socket(raw, server_hostname="localhost") as tls):
        tls.sendall(b"hello")
        verdict = tls.recv(9).decode()
except ssl.SSLCertVerificationError as exc:
    verdict = exc.verify_message
paths = ssl.get_default_verify_paths()
print(json.dumps([verdict, paths.cafile, paths.capath]))
"""
DEFAULT = "ssl.create_default_context()"
TRUSTED = "HELLO"
UNTRUSTED = "unable to get local issuer certificate"

#: Nothing of what a user may have set.
CLEAN = dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF",
                       "PYTHON_NO_CA_BUNDLE"))

in_chroot = unittest.skipUnless(
    os.environ.get("STANDALONE_TEST_CHROOT"),
    "creates files in the system's directories; run it in a disposable chroot")
requires_permissions = unittest.skipIf(
    os.geteuid() == 0, "root may read what has no permissions")


def client(*flags, python=sys.executable, context=DEFAULT, before="", **env):
    """[verdict, cafile, capath] of a client in a process of its own, which
    says nothing else.  Python's own variables are for without -I."""
    with server([]) as port:
        return json.loads(tree.run(
            python, *flags, "-c",
            CLIENT.format(context=context, before=before), str(port),
            env=CLEAN | env))


def inspect(**env):
    """What the doctor is told, as a dict."""
    return json.loads(tree.run(
        sys.executable, "-c", "import dataclasses, json\n"
        "from _standalone_runtime import certificates\n"
        "print(json.dumps(dataclasses.asdict(certificates.inspect())))",
        env=CLEAN | env))


def own_directory():
    """What OpenSSL looks into, if it is there; some systems have it empty."""
    directory = "/etc/ssl/certs"
    return directory if os.path.isdir(directory) else None


@contextlib.contextmanager
def placed(path, source=CA):
    """A copy of *source*, or its text, in a place of the system's where
    nothing was before."""
    path = Path(path)
    above = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(source.encode() if isinstance(source, str)
                       else source.read_bytes())
        yield path
    finally:
        path.unlink(missing_ok=True)
        for parent in above:
            parent.rmdir()


class EnvironmentTests(unittest.TestCase):
    """What the user says counts, wherever the test runs."""

    def setUp(self):
        self.scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_file(self):
        self.assertEqual(client(SSL_CERT_FILE=CA, SSL_CERT_DIR=""),
                         [TRUSTED, str(CA), None])
        # OpenSSL's variables are not Python's.
        self.assertEqual(client("-I", SSL_CERT_FILE=CA)[:2],
                         [TRUSTED, str(CA)])
        self.assertEqual(client(SSL_CERT_FILE=OTHER)[:2],
                         [UNTRUSTED, str(OTHER)])

    def test_directory(self):
        shutil.copy(CA, self.scratch / HASH)
        self.assertEqual(
            client(SSL_CERT_FILE="", SSL_CERT_DIR=self.scratch),
            [TRUSTED, None, str(self.scratch)])
        (self.scratch / HASH).rename(self.scratch / OLD_HASH)
        self.assertEqual(client(SSL_CERT_DIR=self.scratch)[0], UNTRUSTED)

    def test_pointing_nowhere(self):
        """It is used, no other store is, and the report says so."""
        nowhere = str(self.scratch / "nowhere")
        env = {"SSL_CERT_FILE": nowhere, "SSL_CERT_DIR": nowhere}
        self.assertEqual(client(**env), [UNTRUSTED, None, None])
        told = inspect(**env)
        self.assertIsNone(told["chosen"])
        for name in env:
            self.assertIn(f"{name}={nowhere}", str(told["problems"]))

    def test_damaged(self):
        good = CA.read_text()
        damaged = self.scratch / "damaged.pem"
        for name, text in (
                ("empty", ""), ("no certificate", "so be it\n"),
                ("cut off", good[:-200]),
                ("one of two", good + good.replace("MII", "***"))):
            with self.subTest(name):
                damaged.write_text(text)
                env = {"SSL_CERT_FILE": damaged, "SSL_CERT_DIR": ""}
                self.assertEqual(client(**env)[0], UNTRUSTED)
                told = inspect(**env)
                self.assertIsNone(told["chosen"])
                self.assertIn(str(damaged), str(told["problems"]))

    def test_all_is_well(self):
        told = inspect(SSL_CERT_FILE=CA, SSL_CERT_DIR="")
        self.assertEqual(told["chosen"], str(CA))
        self.assertIn("1 certificates", told["why"])

    def test_subclass(self):
        before = (
            "class Own(ssl.SSLContext):\n"
            "    load_verify_locations = None\n"
            "    def set_default_verify_paths(self):\n"
            "        super().set_default_verify_paths()\n"
            "own = Own(ssl.PROTOCOL_TLS_CLIENT)\n"
            "own.load_default_certs()\n")
        self.assertEqual(client(before=before, context="own",
                                SSL_CERT_FILE=CA)[0], TRUSTED)

    def test_bundle(self):
        self.assertRegex(BUNDLE.read_text(encoding="utf-8"),
                         r"\A# certifi \d{4}\.\d\d?\.\d\d?(\.post\d+)?:")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(BUNDLE)
        self.assertGreater(context.cert_store_stats()["x509_ca"], 100)


@in_chroot
class SystemTests(unittest.TestCase):
    """Each place in turn, in a system that has no store."""

    def check(self, cafile, capath, **options):
        for flags in ((), ("-I",), ("-E", "-S")):
            with self.subTest(place=cafile or capath, flags=flags):
                self.assertEqual(client(*flags, **options),
                                 [TRUSTED, cafile, capath])

    def test_files(self):
        for file in FILES:
            with placed(file):
                self.check(file, own_directory())
                self.assertTrue(inspect()["chosen"].startswith(file))
            with placed(file, OTHER):
                self.assertEqual(client(),
                                 [UNTRUSTED, file, own_directory()])
            for text in ("", "damaged"):
                with placed(file, text):
                    self.assertEqual(client(),
                                     [UNTRUSTED, file, own_directory()])
                    self.assertIn(file, str(inspect()["problems"]))

    @requires_permissions
    def test_unreadable(self):
        """It is the system's store all the same."""
        with placed(FILES[1]) as file:
            file.chmod(0)
            self.assertEqual(client(),
                             [UNTRUSTED, str(file), own_directory()])
            self.assertIn("ermission", str(inspect()["problems"]))
        with placed(f"/etc/ssl/certs/{HASH}") as file:
            directory = file.parent
            try:
                for mode, verdict in ((0o300, TRUSTED), (0, UNTRUSTED)):
                    directory.chmod(mode)
                    self.assertEqual(client(),
                                     [verdict, None, str(directory)])
                    self.assertIn("permission denied",
                                  str(inspect()["problems"]))
            finally:
                directory.chmod(0o755)

    def test_directory(self):
        directory = "/etc/ssl/certs"
        with placed(f"{directory}/{HASH}"):
            self.check(None, directory)
            self.assertEqual(inspect()["chosen"], directory)
            # Debian has both; what is in either is trusted.
            with placed(f"{directory}/ca-certificates.crt", OTHER) as file:
                self.check(str(file), directory)
        with placed(f"{directory}/2aff206c.0", OTHER):
            self.assertEqual(client(), [UNTRUSTED, None, directory])

    def test_android(self):
        for directory in ANDROID:
            with placed(f"{directory}/{OLD_HASH}"):
                self.check(None, directory)
                self.assertEqual(inspect()["chosen"], directory)
                # A damaged one does not keep the others away.
                with placed(f"{directory}/00000000.0", "damaged"):
                    self.check(None, directory)
            with placed(f"{directory}/2d4f1237.0", OTHER):
                self.assertEqual(client(), [UNTRUSTED, None, directory])

    def test_openssl_has_its_own_first(self):
        with placed(FILES[0], OTHER), placed(FILES[3]):
            self.assertEqual(client()[:2], [UNTRUSTED, FILES[0]])

    def test_environment_wins(self):
        with placed(FILES[0]):
            self.assertEqual(client(SSL_CERT_FILE=OTHER)[:2],
                             [UNTRUSTED, str(OTHER)])
        with placed(FILES[0], OTHER):
            self.assertEqual(client(SSL_CERT_FILE=CA)[:2],
                             [TRUSTED, str(CA)])

    def test_truststore(self):
        """What pip verifies with."""
        for place in (FILES[6], f"{ANDROID[1]}/{OLD_HASH}"):
            with placed(place):
                self.assertEqual(client(
                    before="from pip._vendor import truststore",
                    context="truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
                )[0], TRUSTED)

    @unittest.skipIf(sys.version_info < (3, 13), "needs _interpreters")
    def test_many_contexts(self):
        """In threads and interpreters at once, all see the same."""
        with placed(FILES[6]):
            tree.run(sys.executable, "-c", """if True:
                import threading, _interpreters
                from test.support.threading_helper import start_threads
                CODE = '''if True:
                    import ssl
                    for _ in range(20):
                        context = ssl.create_default_context()
                        assert len(context.get_ca_certs()) == 1
                '''
                ran = []
                def isolated():
                    created = _interpreters.create("isolated")
                    ran.append(_interpreters.exec(created, CODE))
                    _interpreters.destroy(created)
                def plain():
                    ran.append(exec(CODE, {}))
                with start_threads([threading.Thread(target=body)
                                    for body in (isolated, plain) * 3]):
                    pass
                assert ran == [None] * 6, ran
                """, env=CLEAN)


@in_chroot
class BundleTests(unittest.TestCase):
    """In a system that has no store."""

    def test_used(self):
        for flags in ((), ("-I",)):
            self.assertEqual(client(*flags),
                             [UNTRUSTED, str(BUNDLE), own_directory()])
        told = inspect()
        self.assertEqual(told["chosen"], str(BUNDLE))
        self.assertIn(": certifi 20", str(told["places"]))
        count = int(tree.run(
            sys.executable, "-c", "import ssl; "
            "print(len(ssl.create_default_context().get_ca_certs()))",
            env=CLEAN))
        self.assertGreater(count, 100)

    def test_empty_directory_is_no_store(self):
        with placed("/etc/ssl/certs/README", ""):
            self.assertEqual(client(),
                             [UNTRUSTED, str(BUNDLE), "/etc/ssl/certs"])

    def test_opt_out(self):
        for flags in ((), ("-I",), ("-E",)):
            self.assertEqual(client(*flags, PYTHON_NO_CA_BUNDLE="1"),
                             [UNTRUSTED, None, own_directory()])
        told = inspect(PYTHON_NO_CA_BUNDLE="1")
        self.assertIsNone(told["chosen"])
        self.assertIn("0 certificates", told["why"])
        self.assertEqual(client(PYTHON_NO_CA_BUNDLE="")[1], str(BUNDLE))

    def test_in_a_tree_of_its_own(self):
        """The private CA as bundle, then damage to it."""
        with tempfile.TemporaryDirectory() as scratch:
            copied = tree.copy_to(scratch)
            bundle = copied / BUNDLE.relative_to(tree.PREFIX)
            bundle.chmod(0o644)
            bundle.write_bytes(CA.read_bytes())
            python = copied / "bin" / "python3"
            self.assertEqual(client(python=python),
                             [TRUSTED, str(bundle), own_directory()])
            tree.run(python, "-m", "venv", "--without-pip", f"{scratch}/v")
            self.assertEqual(client(python=f"{scratch}/v/bin/python"),
                             [TRUSTED, str(bundle), own_directory()])
            for damage in ("", CA.read_text()[:-200]):
                bundle.write_text(damage)
                self.assertEqual(client(python=python),
                                 [UNTRUSTED, str(bundle), own_directory()])
            bundle.unlink()
            self.assertEqual(client(python=python),
                             [UNTRUSTED, None, own_directory()])


if __name__ == "__main__":
    unittest.main()
