"""The machine's openssl.cnf may be written for another OpenSSL."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from test.support import SHORT_TIMEOUT
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.test_certificates import (
    CLEAN,
    TRUSTED,
    client,
    in_chroot,
    placed,
)
from test.test_standalone_runtime.test_crypto import CA

# Of RHEL 9's shape, with one suite where Red Hat has several, and the key
# that crypto-policies adds to the section that is open when it is included.
RED_HAT = """\
openssl_conf = openssl_init
config_diagnostics = 1
[openssl_init]
providers = provider_sect
ssl_conf = ssl_module
[provider_sect]
default = default_sect
[default_sect]
activate = 1
[ssl_module]
system_default = crypto_policy
[crypto_policy]
{policy}
"""
POLICY = """\
Ciphersuites = TLS_AES_256_GCM_SHA384
[openssl_init]
alg_section = evp_properties
[evp_properties]
rh-allow-sha1-signatures = no
"""
INCLUDED = "/etc/crypto-policies/back-ends/opensslcnf.config"
SECTION = "config_diagnostics = 1\nopenssl_conf = a\n[a]\n"
BROKEN = {
    "syntax": "config_diagnostics = 1\nopenssl_conf = a\n[a\nb = c\n",
    "no such section": SECTION,
    "no such module": f"{SECTION}frobnicate = b\n[b]\n",
    "no such engine": f"{SECTION}engines = b\n[b]\nc = d\n[d]\ninit = 1\n",
    "no such provider": f"{SECTION}providers = b\n[b]\nfips = c\n"
                        "default = d\n[c]\nmodule = /nowhere.so\n"
                        "activate = 1\n[d]\nactivate = 1\n",
    "no such ssl_conf command": f"{SECTION}ssl_conf = b\n[b]\n"
                                "system_default = c\n[c]\nFrobnicate = yes\n",
    "no such group": f"{SECTION}ssl_conf = b\n[b]\nsystem_default = c\n"
                     "[c]\nGroups = frobnicate\n",
    "no such cipher": f"{SECTION}ssl_conf = b\n[b]\nsystem_default = c\n"
                      "[c]\nCipherString = frobnicate\n",
    "included file missing": f".include /nowhere\n{SECTION}ssl_conf = b\n"
                             "[b]\nsystem_default = c\n[c]\n",
    "not text": "\0\1\2\x7f" * 999,
}


# The library reads the file once, for whoever comes first.
PROGRAMS = {
    "ssl": "import ssl; context = ssl.create_default_context()\n",
    "hashlib": "import hashlib, ssl; hashlib.new('sha256').digest()\n"
               "context = ssl.create_default_context()\n",
}
CIPHERS = """\
print([each['name'] for each in context.get_ciphers()
       if each['name'].startswith('TLS_')])
"""
POLICY_HELD = "['TLS_AES_256_GCM_SHA384']"


class ConfigurationTests(unittest.TestCase):

    @in_chroot
    def test_red_hat(self):
        for policy in (POLICY, f".include = {INCLUDED}"):
            with (placed(INCLUDED, POLICY),
                  placed("/etc/ssl/openssl.cnf",
                         RED_HAT.format(policy=policy))):
                for name, program in PROGRAMS.items():
                    for flags in ((), ("-I",)):
                        with self.subTest(name, flags=flags):
                            self.assertEqual(
                                tree.run(sys.executable, *flags, "-c",
                                         program + CIPHERS, env=CLEAN),
                                POLICY_HELD)

    @in_chroot
    def test_broken(self):
        for name, text in BROKEN.items():
            with placed("/etc/ssl/openssl.cnf", text):
                for first, program in PROGRAMS.items():
                    with self.subTest(name, first=first):
                        self.assertRegex(
                            tree.run(sys.executable, "-W", "error", "-c",
                                     program + CIPHERS, env=CLEAN),
                            r"\A\['TLS_[A-Z0-9_', ]*\]\Z")
                    self.assertEqual(client(SSL_CERT_FILE=CA)[0], TRUSTED)

    def test_strict_where_the_user_says_so(self):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch, "openssl.cnf")
            file.write_text(RED_HAT.format(policy=POLICY))
            done = subprocess.run(
                [sys.executable, "-c", PROGRAMS["ssl"] + CIPHERS],
                env={"OPENSSL_CONF": str(file)}, capture_output=True,
                text=True, timeout=SHORT_TIMEOUT)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("MODULE_INITIALIZATION_ERROR", done.stderr)
            file.write_text(file.read_text().replace(
                "config_diagnostics = 1", "config_diagnostics = 0"))
            self.assertEqual(
                tree.run(sys.executable, "-c", PROGRAMS["ssl"] + CIPHERS,
                         env=CLEAN | {"OPENSSL_CONF": file}),
                POLICY_HELD)


if __name__ == "__main__":
    unittest.main()
