"""OpenSSL: TLS over loopback with a private CA, and hashes."""

import contextlib
import hashlib
import hmac
import socket
import ssl
import sys
import threading
import unittest
from pathlib import Path

import test
from test.support import SHORT_TIMEOUT, os_helper
from test.test_standalone_runtime import tree

CERTDATA = Path(test.__file__).parent / "certdata"
CA = CERTDATA / "pycacert.pem"
SERVER = CERTDATA / "keycert3.pem"       # for localhost, signed by CA

# Of b"abc", from the algorithms' own descriptions: RFC 1320, the RIPEMD-160
# page of its authors, GB/T 32905-2016, FIPS 180-4 and 202, RFC 7693.
MD4 = "a448017aaf21d8525fc10ae87aa6729d"
DIGESTS = {
    "md5": "900150983cd24fb0d6963f7d28e17f72",
    "ripemd160": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "sha256": "ba7816bf8f01cfea414140de5dae2223"
              "b00361a396177a9cb410ff61f20015ad",
    "sha3_256": "3a985da74fe225b2045c172d6bd390bd"
                "855f086e3e9d525b46bfe24511431532",
    "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e2"
           "4167c4875cf2f7a2297da02b8f4ba8e0",
}


@contextlib.contextmanager
def server(received):
    """The port of a TLS server for one connection, which echoes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SERVER)

    def serve():
        try:
            connection, _ = listener.accept()
            with (connection, context.wrap_socket(
                    connection, server_side=True) as tls):
                tls.settimeout(SHORT_TIMEOUT)
                data = tls.recv(1000)
                received.append(data)
                tls.sendall(data.upper())
        except OSError as exc:           # ssl.SSLError is one
            received.append(exc)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SHORT_TIMEOUT)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


def ask(context, port, hostname="localhost"):
    """Send a word through TLS; the answer and the protocol's version."""
    with (socket.create_connection(("127.0.0.1", port), SHORT_TIMEOUT) as raw,
          context.wrap_socket(raw, server_hostname=hostname) as tls):
        tls.sendall(b"hello")
        return tls.recv(1000), tls.version()


class TLSTests(unittest.TestCase):

    def test_handshake(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version.name):
                context = ssl.create_default_context(cafile=CA)
                context.minimum_version = version
                context.maximum_version = version
                received = []
                with server(received) as port:
                    answer, spoken = ask(context, port)
                self.assertEqual(received, [b"hello"])
                self.assertEqual(answer, b"HELLO")
                self.assertEqual(spoken.replace(".", "_"), version.name)

    def test_unknown_ca_is_refused(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with (server([]) as port,
              self.assertRaisesRegex(ssl.SSLCertVerificationError,
                                     "unable to get local issuer")):
            ask(context, port)

    def test_wrong_name_is_refused(self):
        context = ssl.create_default_context(cafile=CA)
        with (server([]) as port,
              self.assertRaisesRegex(ssl.SSLCertVerificationError,
                                     "Hostname mismatch")):
            ask(context, port, "elsewhere.example")

    def test_features(self):
        for name in ("HAS_SNI", "HAS_ALPN", "HAS_TLSv1_3"):
            self.assertTrue(getattr(ssl, name), name)
        if sys.version_info >= (3, 13):
            self.assertTrue(ssl.HAS_PSK)


# Activates providers that are in the library itself, as no module is
# shipped: https://docs.openssl.org/3.5/man5/config/#provider-configuration
LEGACY = """\
openssl_conf = init
[init]
providers = providers
[providers]
default = active
legacy = active
[active]
activate = 1
"""


class HashTests(unittest.TestCase):

    def test_digests(self):
        for name, digest in DIGESTS.items():
            with self.subTest(name):
                self.assertEqual(hashlib.new(name, b"abc").hexdigest(),
                                 digest)

    def test_openssl_does_them(self):
        import _hashlib
        for name, digest in DIGESTS.items():
            with self.subTest(name):
                self.assertEqual(_hashlib.new(name, b"abc").hexdigest(),
                                 digest)

    def test_legacy_provider(self):
        with os_helper.temp_dir() as directory:
            configuration = Path(directory, "openssl.cnf")
            configuration.write_text(LEGACY)
            self.assertEqual(
                tree.run(sys.executable, "-c", "import hashlib; "
                         "print(hashlib.new('md4', b'abc').hexdigest())",
                         env={"OPENSSL_CONF": configuration}), MD4)

    def test_key_derivation(self):
        # RFC 7914, section 12; RFC 6070, the second vector.
        self.assertEqual(
            hashlib.scrypt(b"", salt=b"", n=16, r=1, p=1, dklen=8).hex(),
            "77d6576238657b20")
        self.assertEqual(
            hashlib.pbkdf2_hmac("sha1", b"password", b"salt", 2).hex(),
            "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957")

    def test_hmac(self):
        # RFC 4231, test case 2.
        self.assertEqual(
            hmac.digest(b"Jefe", b"what do ya want for nothing?",
                        "sha256").hex()[:32],
            "5bdcc146bf60754e6a042426089575c7")


if __name__ == "__main__":
    unittest.main()
