"""The machine's openssl.cnf: it may be written for another OpenSSL, and it
may name modules of the system's."""

import hmac
import os
import sys
import tempfile
import unittest
from pathlib import Path

from _standalone_runtime.libraries import ENGINES, LIBRARIES, PROVIDERS
from test.test_standalone_runtime import children, tree
from test.test_standalone_runtime.test_certificates import (
    CLEAN,
    TRUSTED,
    client,
    in_chroot,
    placed,
)
from test.test_standalone_runtime.test_crypto import CA, DIGESTS, MD4
from test.test_standalone_runtime.test_doctor import report, resource

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
            done = children.run(
                [sys.executable, "-c", PROGRAMS["ssl"] + CIPHERS],
                env={"OPENSSL_CONF": str(file)}, capture_output=True,
                text=True)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("MODULE_INITIALIZATION_ERROR", done.stderr)
            file.write_text(file.read_text().replace(
                "config_diagnostics = 1", "config_diagnostics = 0"))
            self.assertEqual(
                tree.run(sys.executable, "-c", PROGRAMS["ssl"] + CIPHERS,
                         env=CLEAN | {"OPENSSL_CONF": file}),
                POLICY_HELD)


LEGACY = """\
config_diagnostics = 1
openssl_conf = init
[init]
providers = providers
[providers]
default = active
another = another
[active]
activate = 1
[another]
module = {module}
activate = 1
"""
FIPS = """\
config_diagnostics = 1
openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[providers]
fips = fips
base = base
[fips]
activate = 1
module-mac = {mac}
[base]
activate = 1
[algorithms]
default_properties = fips=yes
"""
# The key that FIPS modules are signed with.  It is public, and the one that
# OpenSSL is configured with by default (FIPSKEY in
# https://github.com/openssl/openssl/blob/openssl-3.5/Configure).
FIPS_KEY = ("f4556650ac31d35461610bac4ed81b1a"
            "181b2d8a43ea2854cbae22ca74560813")
ENGINE = """\
config_diagnostics = 1
openssl_conf = init
[init]
engines = engines
[engines]
{name} = engine
[engine]
init = 0
"""
MD4_PROGRAM = "import hashlib; print(hashlib.new('md4', b'abc').hexdigest())"
DIRECTORIES = [library.format(multiarch=sys.implementation._multiarch)
               for library in LIBRARIES]


def installed(kind, *names):
    """The path of the system's own module, or SkipTest."""
    for name in names:
        for directory in DIRECTORIES:
            if (path := Path(directory, kind, name)).exists():
                return path
    raise unittest.SkipTest(f"the system has no {' or '.join(names)}")


class ModuleTests(unittest.TestCase):
    """Providers and engines of the system's: each has its directory."""

    def setUp(self):
        self.scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_with(self, configuration, program, **env):
        file = self.scratch / "openssl.cnf"
        file.write_text(configuration)
        return children.run(
            [sys.executable, "-c", program], capture_output=True, text=True,
            env={"OPENSSL_CONF": str(file), **env})

    def check(self, *args, expected, **env):
        done = self.run_with(*args, **env)
        self.assertEqual((done.returncode, done.stdout.strip()),
                         (0, expected), done.stderr)

    def refused(self, *args, **env):
        """OpenSSL does not start, and that is an exception."""
        done = self.run_with(*args, **env)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "(?i)initialization.error|unsupported|"
                                      "no.ciphers")

    def test_provider(self):
        """The legacy provider is built in too, but inactive by default."""
        module = installed(PROVIDERS, "legacy.so")
        text = LEGACY.format(module=module.name)
        self.check(text, MD4_PROGRAM, expected=MD4)
        self.check(text, MD4_PROGRAM, expected=MD4,
                   OPENSSL_MODULES=str(module.parent))
        # The user's word is the last.
        self.refused(text, MD4_PROGRAM, OPENSSL_MODULES=str(self.scratch))
        self.check(LEGACY.format(module=module), MD4_PROGRAM, expected=MD4,
                   OPENSSL_MODULES=str(self.scratch))

    def test_no_provider(self):
        self.refused(LEGACY.format(module="nowhere.so"), MD4_PROGRAM)

    def test_unusable_provider(self):
        (self.scratch / "legacy.so").write_text("of another system")
        self.refused(LEGACY.format(module="legacy.so"), MD4_PROGRAM,
                     OPENSSL_MODULES=str(self.scratch))

    def test_fips(self):
        module = installed(PROVIDERS, "fips.so")
        mac = hmac.digest(bytes.fromhex(FIPS_KEY), module.read_bytes(),
                          "sha256").hex(":").upper()
        self.check(FIPS.format(mac=mac), """if True:
            import _hashlib, hashlib, ssl
            print(_hashlib.get_fips_mode(),
                  bool(ssl.create_default_context().get_ciphers()),
                  _hashlib.new("sha256", b"abc").hexdigest())
            try:
                hashlib.new("md4")
            except ValueError:
                pass
            else:
                print("md4 is allowed")
            """, expected=f"1 True {DIGESTS['sha256']}")
        # A module of which the file has another checksum.
        self.refused(FIPS.format(mac=":".join(["00"] * 32)),
                     "import ssl; ssl.create_default_context()")

    def test_engine(self):
        module = installed(ENGINES, "loader_attic.so")
        program = "import ssl; ssl.create_default_context(); print('ok')"
        self.check(ENGINE.format(name=module.stem), program, expected="ok")
        self.refused(ENGINE.format(name=module.stem), program,
                     OPENSSL_ENGINES=str(self.scratch))
        self.refused(ENGINE.format(name="nowhere"), program)

    @in_chroot
    def test_order(self):
        """The first directory that has it, and no other."""
        text = LEGACY.format(module="another.so")
        legacy = installed(PROVIDERS, "legacy.so")
        for directory in DIRECTORIES:
            with placed(f"{directory}/{PROVIDERS}/another.so", legacy):
                self.check(text, MD4_PROGRAM, expected=MD4)
        first, *others = DIRECTORIES
        with placed(f"{first}/{PROVIDERS}/another.so", "not for us"):
            for directory in others:
                with placed(f"{directory}/{PROVIDERS}/another.so", legacy):
                    self.refused(text, MD4_PROGRAM)


class DoctorTests(unittest.TestCase):
    """python -m _standalone_runtime names what openssl.cnf lacks."""

    def setUp(self):
        self.scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def report(self, text, **env):
        file = self.scratch / "openssl.cnf"
        file.write_text(text)
        told, code = report(env={**os.environ, "OPENSSL_CONF": str(file),
                                 **env})
        return resource(told, "openssl"), resource(told, "certificates"), code

    def test_missing_fips(self):
        """The certificates are there all the same."""
        (self.scratch / "more.cnf").write_text(
            "[ section of fips ]\n  activate = yes  # here\n")
        openssl, certificates, code = self.report(f"""\
            openssl_conf = init
            .include {self.scratch}/more.cnf
            [init]
            providers = providers
            alg_section = algorithms
            [providers]
            1.fips = section of fips
            base = base
            [base]
            activate = 1
            [algorithms]
            default_properties = fips=yes
            """, OPENSSL_MODULES=str(self.scratch))
        self.assertEqual(code, 1)
        self.assertTrue(openssl["missing"])
        self.assertFalse(certificates["missing"])
        said = " ".join(openssl["problems"])
        self.assertIn(f"{self.scratch}/openssl.cnf activates the provider "
                      f"fips, but there is no {self.scratch}/fips.so", said)
        self.assertIn("library has no ciphers", said)

    def test_missing_beside_others(self):
        """OpenSSL starts, without it."""
        openssl, _, code = self.report(
            LEGACY.replace("config_diagnostics = 1", "").format(
                module="nowhere.so"))
        self.assertEqual((code, openssl["missing"]), (0, False))
        said = " ".join(openssl["problems"])
        for directory in DIRECTORIES:
            self.assertIn(f"{directory}/{PROVIDERS}/nowhere.so", said)
        openssl, _, _ = self.report(
            ENGINE.replace("config_diagnostics = 1", "").format(
                name="nowhere"))
        self.assertIn("activates the engine nowhere, but",
                      " ".join(openssl["problems"]))

    def test_unusable(self):
        (self.scratch / "legacy.so").write_text("of another system")
        openssl, _, _ = self.report(
            LEGACY.replace("config_diagnostics = 1", "").format(
                module="legacy.so"), OPENSSL_MODULES=str(self.scratch))
        self.assertIn("cannot be loaded", " ".join(openssl["problems"]))

    def test_all_is_well(self):
        module = installed(PROVIDERS, "legacy.so")
        openssl, _, code = self.report(LEGACY.format(module=module.name))
        self.assertEqual((code, openssl["problems"]), (0, []))
        self.assertIn(str(module),
                      [place["where"] for place in openssl["places"]])

    def test_broken(self):
        for name, text in BROKEN.items():
            with self.subTest(name):
                openssl, certificates, _ = self.report(text)
                for each in openssl, certificates:
                    self.assertNotIn("cannot be inspected", each["why"])
                self.assertEqual(openssl["missing"], name in (
                    "no such module", "no such engine",
                    "no such ssl_conf command", "no such group",
                    "no such cipher", "included file missing"))


if __name__ == "__main__":
    unittest.main()
