"""Test toolchain.llvm: which LLVM of the machine training uses."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core.errors import UsageError
from standalone.platforms import targets
from standalone.toolchain import llvm

ARCH = targets.find("x86_64-unknown-linux-gnu").arch


class ToolsTests(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name).resolve()
        for patch in (
                mock.patch.dict(os.environ, PATH=f"{self.dir}/bin"),
                mock.patch.object(llvm, "_INSTALLED",
                                  (f"{self.dir}/llvm*/bin",))):
            patch.start()
            self.addCleanup(patch.stop)

    def install(self, directory, version, runtime=None):
        """Make programs of an LLVM, as a distribution lays them out."""
        program = self.dir / directory / "bin/llvm-profdata"
        program.parent.mkdir(parents=True)
        program.write_text(
            "#!/bin/sh\n" + (f"echo '  LLVM version {version}'\n" if version
                             else "echo 'USAGE: llvm-profdata <merge|show>'"
                                  ">&2; exit 1\n"))
        program.chmod(0o755)
        if runtime:
            path = self.dir / directory / runtime
            path.parent.mkdir(parents=True)
            path.write_bytes(b"!<arch>\n")
        return program

    def test_newest(self):
        debian = "lib/clang/{0}/lib/linux/libclang_rt.profile-x86_64.a"
        self.install("llvm-14", "", debian.format(14))
        self.install("llvm-19", "19.1.7", debian.format(19))
        self.install("llvm-9", "9.0.1", debian.format(9))
        new = self.install("llvm22", "22.1.0", "lib/clang/22/lib/"
                           "x86_64-redhat-linux-gnu/libclang_rt.profile.a")
        self.install("llvm-23", "23.0.0")        # without a runtime
        found = llvm.find(ARCH)
        self.assertEqual((found.version, found.profdata), ("22.1.0", new))
        self.assertEqual(found.runtime.name, "libclang_rt.profile.a")

    def test_on_path(self):
        program = self.install(".", "20.1.2", "lib/clang/20/lib/linux/"
                               "libclang_rt.profile-x86_64.a")
        self.assertEqual(llvm.find(ARCH).profdata, program)

    def test_none(self):
        self.install("llvm-14", "", "lib/clang/14/lib/linux/"
                     "libclang_rt.profile-x86_64.a")
        self.install("llvm-19", "19.1.7", "lib/clang/19/lib/linux/"
                     "libclang_rt.profile-i386.a")
        with self.assertRaisesRegex(UsageError, "LLVM 19 or newer") as caught:
            llvm.find(ARCH)
        self.assertIn("libclang-rt-19-dev", caught.exception.hint)


if __name__ == "__main__":
    unittest.main()
