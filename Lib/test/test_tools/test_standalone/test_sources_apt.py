"""Test sources.apt: what the real apt-get says of small configurations."""

import os
import shutil
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

from standalone.sources import apt


class AptTestCase(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.dir / "sources.list.d").mkdir()

    def write(self, name, text):
        (self.dir / name).write_text(textwrap.dedent(text))


@unittest.skipUnless(shutil.which("apt-get"), "needs apt")
class AptTest(AptTestCase):

    def check(self, *expected):
        self.assertEqual(apt.archives(self.dir), expected)

    def test_none(self):
        self.check()
        self.assertEqual(apt.archives(self.dir / "missing"), ())

    def test_one_line_format(self):
        self.write("sources.list", """\
            # deb http://commented.test/debian bookworm main
            deb-src http://a.test/debian/ bookworm contrib main # all
            deb [ arch=amd64 signed-by=/a/b.gpg ] https://b.test/x sid main
            deb http://a.test/debian bookworm-updates main
            deb cdrom:[Debian 12]/ bookworm main
            deb file:/srv/debian bookworm main
            deb http://no-main.test/debian bookworm contrib
            """)
        self.check("http://a.test/debian", "https://b.test/x")

    def test_deb822_format(self):
        self.write("sources.list.d/debian.sources", """\
            # comment
            Types: deb deb-src
            URIs: http://a.test/debian
            # in the midst of a field
             http://b.test/debian/
            Suites: trixie
             trixie-updates
            components: main non-free-firmware
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             Components: main
             -----END PGP PUBLIC KEY BLOCK-----

            Enabled: no
            Types: deb
            URIs: http://disabled.test/debian
            Suites: trixie
            Components: main

            Types: deb
            URIs: http://no-main.test/debian
            Suites: trixie
            Components: contrib
            """)
        self.check("http://a.test/debian", "http://b.test/debian")

    def test_security_archives_come_last(self):
        self.write("sources.list", """\
            deb http://s.test/debian-security bookworm-security main
            deb http://t.test/debian-security buster/updates main
            deb http://a.test/debian bookworm main
            """)
        self.check("http://a.test/debian", "http://s.test/debian-security",
                   "http://t.test/debian-security")

    def test_third_parties_are_not_asked(self):
        self.write("sources.list.d/cloud.list",
                   "deb https://x.test/apt cloud-sdk-bookworm main\n"
                   "deb https://y.test/apt ./ main\n")
        self.check()

    def test_a_url_with_a_password_is_not_asked(self):
        self.write("sources.list",
                   "deb https://me:secret@x.test/debian sid main\n")
        self.check()

    def test_one_archive_with_and_without_security_updates(self):
        self.write("sources.list", """\
            deb http://s.test/all bookworm-security main
            deb http://a.test/debian bookworm main
            deb http://s.test/all bookworm main
            """)
        self.check("http://s.test/all", "http://a.test/debian")

    def test_without_lists(self):
        """As in an image whose /var/lib/apt/lists was emptied: the lists
        of these archives were never downloaded either."""
        self.assertEqual(list(Path("/var/lib/apt/lists").glob("*.test_*")),
                         [])
        self.write("sources.list", "deb http://a.test/debian sid main\n")
        self.check("http://a.test/debian")

    def test_only_files_that_apt_reads(self):
        self.write("sources.list.d/a.list.disabled",
                   "deb http://a.test/debian sid main\n")
        self.write("sources.list.d/b.list",
                   "deb http://b.test/debian sid main\n")
        self.check("http://b.test/debian")


@unittest.skipUnless(shutil.which("apt-get"), "needs apt")
class KeyringsTest(AptTestCase):
    """Which keys may sign the index of an archive."""

    def setUp(self):
        super().setUp()
        (self.dir / "trusted.gpg.d").mkdir()
        for name in ("a.gpg", "b.gpg", "trusted.gpg",
                     "trusted.gpg.d/c.gpg", "trusted.gpg.d/d.asc",
                     "trusted.gpg.d/README"):
            self.write(name, "")

    def keys(self, base):
        return [path.name if isinstance(path, Path) else path
                for path in apt.keyrings(base, self.dir)
                if path != apt._DEBIAN_KEYS]

    def test_all_that_apt_trusts(self):
        self.write("sources.list", "deb http://a.test/debian sid main\n")
        self.assertEqual(self.keys("http://a.test/debian"),
                         ["trusted.gpg", "c.gpg", "d.asc"])

    def test_one_line_format(self):
        self.write("sources.list", f"""\
            # deb [signed-by={self.dir}/trusted.gpg] http://a.test/debian x y
            deb [ arch=amd64 Signed-By={self.dir}/a.gpg,{self.dir}/b.gpg ] \
http://a.test/debian sid main
            deb [signed-by={self.dir}/b.gpg] http://b.test/debian sid main
            deb [signed-by={self.dir}/missing.gpg] http://c.test/x sid main
            """)
        self.assertEqual(self.keys("http://a.test/debian"),
                         ["a.gpg", "b.gpg"])
        self.assertEqual(self.keys("http://b.test/debian"), ["b.gpg"])
        # A typing error in the path does not mean that all are trusted.
        self.assertEqual(self.keys("http://c.test/x"), [])

    def test_deb822_format(self):
        self.write("sources.list.d/debian.sources", f"""\
            Types: deb
            URIs: http://a.test/debian
            # Signed-By: {self.dir}/trusted.gpg
            Signed-By: {self.dir}/a.gpg {self.dir}/b.gpg
            Suites: sid

            Types: deb
            URIs: http://b.test/debian/
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             abc=
             -----END PGP PUBLIC KEY BLOCK-----
            Suites: sid
            """)
        self.assertEqual(self.keys("http://a.test/debian"),
                         ["a.gpg", "b.gpg"])
        self.assertEqual(self.keys("http://b.test/debian"), [
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc=\n"
            b"-----END PGP PUBLIC KEY BLOCK-----"])

    def test_only_entries_of_this_archive(self):
        self.write("sources.list", f"""\
            deb [signed-by={self.dir}/a.gpg] http://a.test/debian-extra x main
            deb [signed-by={self.dir}/b.gpg] http://a.test/debian x main
            """)
        self.assertEqual(self.keys("http://a.test/debian"), ["b.gpg"])


class MachineTest(unittest.TestCase):

    def test_without_apt(self):
        with mock.patch.dict(os.environ, PATH=os.devnull):
            self.assertEqual(apt.archives(), ())

    @unittest.skipUnless(shutil.which("apt-get"), "needs apt")
    def test_of_this_machine(self):
        for base in apt.archives():
            self.assertRegex(base, r"\Ahttps?://[^@\s]*[^/\s]\Z")


if __name__ == "__main__":
    unittest.main()
