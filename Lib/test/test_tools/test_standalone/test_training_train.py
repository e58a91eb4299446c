"""Test training.train, except for the build that it trains."""

import os
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from standalone.core.errors import BuildError, UsageError
from standalone.core.options import Options
from standalone.toolchain import llvm
from standalone.training import train

from . import children
from .trees import request, small_tree


class TrainTests(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name).resolve()

    def config(self, options):
        small_tree(self.dir / "cpython")
        return request(self.dir / "cpython", self.dir / "out",
                       options=str(Options.parse(options)))

    def test_without_llvm(self):
        with (mock.patch.dict(os.environ, PATH=str(self.dir)),
              mock.patch.object(llvm, "_INSTALLED", ()),
              self.assertRaisesRegex(UsageError, "LLVM 19 or newer")):
            train.train(self.config("noopt"))
        self.assertFalse((self.dir / "out").exists())

    def test_what_is_built(self):
        for options in "noopt", "pgo+lto", "pgo+gpl":
            self.assertEqual(
                train.instrumented(self.config(options)).options,
                "instrumented")
        self.assertEqual(
            train.instrumented(self.config("freethreaded+pgo")).options,
            "freethreaded+instrumented")
        with self.assertRaisesRegex(UsageError, "gcc lacks"):
            train.instrumented(replace(self.config("noopt"),
                                       toolchain="gcc"))

    def test_what_is_requested(self):
        """Nothing that needs the profile which is yet to be made."""
        for options, expected in (
                ("", "noopt"), ("pgo+lto", "noopt"),
                ("freethreaded+pgo+lto", "freethreaded+noopt")):
            self.assertEqual(train.without_profile(options), expected)
        with self.assertRaisesRegex(UsageError, "unknown OPTIONS"):
            train.without_profile("fast")

    def run_load(self, code):
        with mock.patch.object(train, "LOAD", {"one": ("-c", "pass"),
                                               "two": ("-c", code)}):
            train._run_load(Path(sys.executable), self.dir,
                            self.dir / "logs/train.log")

    def test_load(self):
        self.run_load("import os, pathlib\n"
                      "here = pathlib.Path.cwd()\n"
                      "assert os.environ['HOME'] == str(here)\n"
                      "assert os.environ['PYTHONHASHSEED'] == '0'\n"
                      "raw = pathlib.Path(os.environ['LLVM_PROFILE_FILE'])\n"
                      "assert raw.parent == here.parent, raw\n"
                      "print('trained')\n")
        self.assertEqual((self.dir / "logs/train.log").read_text(),
                         "trained\n")

    def test_load_fails(self):
        with self.assertRaises(BuildError) as caught:
            self.run_load("raise SystemExit('wrong result')")
        self.assertEqual(caught.exception.message, "the training failed: two")
        self.assertIn("wrong result", caught.exception.log.read_text())

    def test_nothing_written(self):
        tools = llvm.Tools("19.1.7", Path("llvm-profdata"), Path("x.a"))
        with self.assertRaisesRegex(BuildError, "wrote no profile"):
            train._merged(tools, self.dir)

    def test_merge(self):
        """With LLVM's own tools and a program that counts."""
        try:
            tools = llvm.find(self.config("noopt").platform.arch)
        except UsageError as exc:
            self.skipTest(exc.message)
        clang = tools.profdata.with_name("clang")
        if not clang.exists():
            self.skipTest(f"no {clang}")
        (self.dir / "m.c").write_text("int main(void) { return 0; }\n")
        children.run([clang, "-fprofile-generate", "m.c", "-o", "m"],
                       cwd=self.dir, check=True)
        children.run([self.dir / "m"], check=True, env={
            "LLVM_PROFILE_FILE": str(self.dir / train._RAW)})
        data, functions = train._merged(tools, self.dir)
        self.assertEqual((data[:1], functions), (b"\xff", 1))


if __name__ == "__main__":
    unittest.main()
