"""Which of Debian's builds ours are compared with."""

import re
import unittest

from standalone.core.errors import UsageError
from standalone.sources import pins
from standalone.testing import debian

# As regrtest of Debian's build prints it.
LOG = """\
0:00:00 load avg: 4.04 Run 1 test sequentially
== CPython 3.14.10 (main, Oct 26 2026, 15:12:11) [GCC 15.3.0]
== Linux-6.12-x86_64-with-glibc2.42 little-endian
"""


class ChrootTest(unittest.TestCase):

    def test_every_pinned_version(self):
        for version in pins.cpython_versions():
            with self.subTest(version):
                feature = re.match(r"3\.\d+", version)[0]
                chroot = debian.chroot("debian", version)
                self.assertEqual(chroot.suite, debian.RELEASES[feature])
                self.assertEqual(chroot.python, f"/usr/bin/python{feature}")
                self.assertTrue(chroot.ordinary)
                for package in chroot.packages:
                    self.assertIn(f"python{feature}", package)

    def test_candidates_and_branches(self):
        for version in "3.15.0rc1", "3.15.2+":
            self.assertEqual(debian.chroot("x", version),
                             debian.chroot("x", "3.15.0"))

    def test_a_version_that_debian_does_not_have(self):
        with self.assertRaises(UsageError) as caught:
            debian.chroot("debian", "3.99.0a1+")
        self.assertEqual(caught.exception.message,
                         "Debian has no CPython 3.99 to compare with")
        for feature in debian.RELEASES:
            self.assertIn(feature, caught.exception.hint)


class NoteTest(unittest.TestCase):

    def test_the_same_version(self):
        self.assertEqual(debian.note(LOG, "3.14.10"), "")

    def test_another_version(self):
        for version in "3.14.7", "3.14.1":
            self.assertEqual(debian.note(LOG, version),
                             f"CPython 3.14.10, not {version}, was tested")

    def test_no_header(self):
        self.assertEqual(debian.note("", "3.14.7"),
                         "CPython ?, not 3.14.7, was tested")


if __name__ == "__main__":
    unittest.main()
