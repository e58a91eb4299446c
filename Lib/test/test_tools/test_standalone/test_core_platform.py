"""Test core.platform and the data in platforms.targets."""

import os
import re
import unittest

from standalone.core.errors import UsageError
from standalone.core.platform import Architecture, Libc, Platform, System
from standalone.platforms import targets

PLAIN = targets.find("x86_64-unknown-linux-gnu")
V3 = targets.find("x86_64_v3-unknown-linux-gnu")
AARCH64 = targets.find("aarch64-unknown-linux-gnu")
# Data alone: no other line of ours has to know it.
MUSL = Platform(Architecture("riscv64"), System("linux"),
                Libc("musl", "musl", (1, 2), "musllinux"))


class NamesTest(unittest.TestCase):

    def answers(self, platform):
        return [platform.triple, platform.autoconf, platform.versioned,
                platform.openssl, platform.sysconfig]

    def test_names(self):
        self.assertEqual(self.answers(PLAIN), [
            "x86_64-unknown-linux-gnu", "x86_64-linux-gnu",
            "x86_64-linux-gnu.2.17", "linux-x86_64", "linux-x86_64"])
        self.assertEqual(self.answers(AARCH64), [
            "aarch64-unknown-linux-gnu", "aarch64-linux-gnu",
            "aarch64-linux-gnu.2.17", "linux-aarch64", "linux-aarch64"])
        self.assertEqual(self.answers(MUSL), [
            "riscv64-unknown-linux-musl", "riscv64-linux-musl",
            "riscv64-linux-musl.1.2", "linux-riscv64", "linux-riscv64"])

    def test_a_level_is_in_the_triple_alone(self):
        self.assertEqual(V3.triple, "x86_64_v3-unknown-linux-gnu")
        self.assertEqual(self.answers(V3)[1:], self.answers(PLAIN)[1:])
        self.assertEqual((V3.arch.march, V3.arch.level), ("x86-64-v3", 3))
        self.assertEqual((PLAIN.arch.march, PLAIN.arch.level),
                         ("x86-64", 1))

    def test_wheel_tags(self):
        self.assertEqual(PLAIN.wheel_tag("2.17"), "manylinux_2_17_x86_64")
        self.assertEqual(AARCH64.wheel_tag("2.28"),
                         "manylinux_2_28_aarch64")
        self.assertEqual(MUSL.wheel_tag("1.2"), "musllinux_1_2_riscv64")


class LibcTest(unittest.TestCase):

    def test_the_newest_version_counts(self):
        libc = PLAIN.libc
        self.assertEqual(libc.needed([
            ("GLIBC", (2, 3, 4)), ("GLIBC", (2, 17)), ("GLIBC", ()),
            ("OTHER", (9, 9))]), "2.17")
        self.assertEqual(libc.needed([("GLIBC", (2, 4))]), "2.4")

    def test_without_versions(self):
        self.assertEqual(MUSL.libc.needed([]), "1.2")
        self.assertEqual(MUSL.libc.versions, ())

    def test_features(self):
        self.assertEqual(PLAIN.libc.features("2.17"), [
            "glibc-dynamic", "glibc-max-symbol-version:2.17"])
        self.assertEqual(MUSL.libc.features("1.2"), ["musl-dynamic"])

    def test_sonames(self):
        for soname in PLAIN.libc.sonames:
            self.assertTrue(re.fullmatch(r"[\w*-]+\.so\.[\d*]+", soname))


class HereTest(unittest.TestCase):

    def test_this_machine(self):
        here = targets.host()
        self.assertEqual(here.arch.name, os.uname().machine)
        self.assertTrue(targets.runs_here(here))
        targets.check_runs_here(here)

    def test_another_machine(self):
        self.assertFalse(targets.runs_here(MUSL))
        with self.assertRaisesRegex(UsageError, "cannot be built on"):
            targets.check_runs_here(MUSL)

    def test_unknown(self):
        with self.assertRaisesRegex(UsageError, "^unknown TARGET 'vax'$"):
            targets.find("vax")


if __name__ == "__main__":
    unittest.main()
