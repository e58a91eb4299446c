"""A small tree that breaks no rule, for the tests of validate."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.platforms import targets
from standalone.validate import policy, stage as validate

SAMPLES = Path(__file__).parent / "elf_samples"
STDLIB = "lib/python3.13"
DYNLOAD = f"{STDLIB}/lib-dynload"
SAMPLE = f"{DYNLOAD}/sample.cpython-313-x86_64-linux-gnu.so"
SYSCONFIG = f"{STDLIB}/_sysconfigdata__linux_x86_64-linux-gnu.py"
MAKEFILE = f"{STDLIB}/config-3.13-x86_64-linux-gnu/Makefile"
RUNTIME_TEST = f"{STDLIB}/test/test_standalone_runtime/test_metadata.py"
PLATFORM = targets.find("x86_64-unknown-linux-gnu")
BUILD = "/home/bürger/build dir"
EXPECTED = validate.Expectations(
    platform=PLATFORM, python="3.13", forbidden=(BUILD.encode(),),
    modules={"sample": "shared", "hidden": "builtin"},
    components=frozenset({"cpython", "pip", "ncurses"}),
    declared=frozenset({"Py_BytesMain"}), stable_abi=frozenset())
VARIABLES = {
    "CC": "cc -pthread", "CXX": "c++ -pthread", "AR": "ar",
    "LDSHARED": "cc -pthread -shared", "BLDSHARED": "cc -shared",
    "LDCXXSHARED": "c++ -shared", "LINKCC": "cc", "SIZEOF_INT": 4,
    "LIBDIR": "/install/lib", "CFLAGS": "-O3 -Wall -Wsign-compare"}


class Case(unittest.TestCase):

    def setUp(self):
        # The umask decides over the modes that are checked.
        self.addCleanup(os.umask, os.umask(0o022))
        directory = self.enterContext(tempfile.TemporaryDirectory())
        self.tree = Path(directory, "a tree")
        self.policy = policy.load()
        self.sample("bin/python3.13", "builtin", mode=0o755)
        self.link("bin/python3", "python3.13")
        self.link("bin/python", "python3")
        self.sample("lib/libpython3.13.so.1.0", "hardened.so")
        self.sample(SAMPLE, "clean.so")
        self.sample(f"{DYNLOAD}/_ctypes_test.cpython-313.so", "exports.so")
        self.write(f"{STDLIB}/os.py", "#!/usr/bin/env python3\n")
        # Everything that policy.toml excuses.
        self.write(MAKEFILE, "prefix=/install\n")
        self.write(f"{STDLIB}/_standalone_runtime/build.py", "'/install'\n")
        self.write(RUNTIME_TEST, "PREFIX = '/install'\n")
        self.sysconfig()

    def write(self, name, text, mode=0o644):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def sample(self, name, sample, mode=0o644):
        path = self.write(name, "", mode)
        shutil.copyfile(SAMPLES / sample, path)

    def link(self, name, target):
        (self.tree / name).symlink_to(target)

    def sysconfig(self, **variables):
        self.write(SYSCONFIG, "# system configuration\nbuild_time_vars = "
                              f"{VARIABLES | variables!r}\n")

    def check(self, expected=EXPECTED, **libraries):
        return validate.check(self.tree, self.policy, expected, **libraries)

    def assert_broken(self, *broken, expected=EXPECTED, **libraries):
        """Exactly these: (path, rule, a part of the detail)."""
        findings = self.check(expected, **libraries)
        self.assertEqual([(f.path, f.rule) for f in findings],
                         [(path, rule) for path, rule, _ in broken],
                         findings)
        for finding, (_, _, part) in zip(findings, broken, strict=True):
            self.assertIn(part, finding.detail)
