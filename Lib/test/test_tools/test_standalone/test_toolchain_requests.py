"""Test which toolchains and OPTIONS go together."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core.errors import UsageError
from standalone.core.layout import Layout
from standalone.core.options import Options
from standalone.platforms import targets
from standalone.toolchain import compilers

TARGET = targets.PLATFORMS["x86_64-unknown-linux-gnu"]


class RequestTests(unittest.TestCase):

    def toolchain(self, name):
        out = Path(self.enterContext(tempfile.TemporaryDirectory()))
        return compilers.toolchain(name, TARGET, Layout(
            out, out / "work", TARGET.triple, name, "3.13.15", "noopt"))

    def test_unknown(self):
        with self.assertRaisesRegex(UsageError, "'icc'") as caught:
            self.toolchain("icc")
        self.assertIn("zig, llvm, gcc", caught.exception.hint)

    def test_options_that_need_clang(self):
        for text in "lto", "pgo", "instrumented", "pgo+lto+gpl":
            wanted = Options.parse(text)
            compilers.check("zig", wanted)
            compilers.check("llvm", wanted)
            with self.assertRaisesRegex(UsageError, "gcc") as caught:
                compilers.check("gcc", wanted)
            self.assertIn("TOOLCHAIN=zig", caught.exception.hint)
        compilers.check("gcc", Options.parse("noopt"))

    def test_default_flavour(self):
        for name, flavour in (("zig", "pgo+lto"), ("llvm", "noopt"),
                              ("gcc", "noopt")):
            self.assertEqual(compilers.default_flavour(name), flavour)

    def llvm(self, number):
        return compilers.Toolchain("llvm", ("clang",), {}, version=(
            f"Debian clang version {number}.0.6\nTarget: x86_64\n"))

    def test_tail_calls(self):
        for chain, expected in (
                (self.llvm(18), False), (self.llvm(19), True),
                (compilers.Toolchain("zig", ("zig", "clang"), {}), True),
                (compilers.Toolchain("gcc", ("gcc",), {}, "gcc 19.1"),
                 False)):
            self.assertIs(chain.tail_calls, expected, chain)

    def test_lto_needs_a_new_llvm(self):
        chain = self.llvm
        lto, noopt = map(Options.parse, ("freethreaded+lto", "noopt"))
        compilers.check_version(chain(18), lto)
        compilers.check_version(chain(14), noopt)
        with self.assertRaisesRegex(UsageError, "LLVM 18 or newer, not 14"):
            compilers.check_version(chain(14), lto)

    def test_no_compiler(self):
        with (tempfile.TemporaryDirectory() as empty,
              mock.patch.dict(os.environ, PATH=empty),
              self.assertRaisesRegex(UsageError, "gcc")):
            self.toolchain("gcc")


if __name__ == "__main__":
    unittest.main()
