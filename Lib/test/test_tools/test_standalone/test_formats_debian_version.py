"""Test formats.debian_version, with dpkg as the judge."""

import itertools
import shutil
import unittest

from standalone.formats import debian_version

from . import children

VERSIONS = (
    "1", "1~", "1~rc1", "1a", "1+b", "1.0", "1.", "01", "1.0-1", "1.0-0",
    "1.0-1~deb13u1", "1.0-1+deb13u1", "1.0-1+b1", "1:0.5", "0:1", "1.10",
    "1.9", "1-1-1", "1-1", "1.0~~", "1.0~a", "1.0.a", "6.5+20250216-2",
    "1:1.3.dfsg+really1.3.1-2", "2026.10.18", "2026.10.19.post1")


class OrderTest(unittest.TestCase):

    @unittest.skipUnless(shutil.which("dpkg"), "no dpkg on this machine")
    def test_as_dpkg_orders_them(self):
        for one, other in itertools.combinations(VERSIONS, 2):
            with self.subTest(f"{one} and {other}"):
                keys = [debian_version.key(one), debian_version.key(other)]
                for relation, expected in (("lt", keys[0] < keys[1]),
                                           ("eq", keys[0] == keys[1])):
                    done = children.run(["dpkg", "--compare-versions",
                                         one, relation, other])
                    self.assertEqual(done.returncode == 0, expected)

    def test_before_a_release(self):
        versions = ["3.15.0a", "3.15.1", "3.15.0", "3.15.0~rc1", "3.15.0~a1"]
        self.assertEqual(
            sorted(versions, key=debian_version.key),
            ["3.15.0~a1", "3.15.0~rc1", "3.15.0", "3.15.0a", "3.15.1"])


class UpstreamTest(unittest.TestCase):

    def test_upstream(self):
        for version, expected in (
                ("3.5.7-1~deb13u2", "3.5.7"),
                ("1:1.3.dfsg+really1.3.1-2", "1.3.1"),
                ("5.3.28+dfsg2-9", "5.3.28"),
                ("2.14.3+dfsg-1", "2.14.3"),
                ("1.0~ds1-1", "1.0"),
                ("1.0+repack-1", "1.0"),
                ("3.1-20250104-1", "3.1-20250104"),
                ("6.5+20250216-2", "6.5+20250216"),
                ("3.15.0~rc1-1", "3.15.0~rc1"),
                ("2026f", "2026f")):
            self.assertEqual(debian_version.upstream(version), expected)


if __name__ == "__main__":
    unittest.main()
