"""Apply the patches of `overlay series` to a real CPython tree."""

import json
import os
import re
import shutil
import sys
import unittest
import unittest.mock
from pathlib import Path

from standalone.core.layout import ROOT
from standalone.cpython import overlay, patches, purposes, series
from standalone.sources.version import feature_version, python_version

from . import children
from .overlaying import GIT, REAL_TREE, OverlayTestCase, changes

PRINT_MODULES = """\
import json, sys
sys.path[:0] = [sys.argv[1]]
for name in sys.argv[2:]:
    __import__(name)
print(json.dumps(sorted(name for name in sys.modules
                        if name.startswith("_standalone_runtime."))))
"""


@unittest.skipUnless(REAL_TREE, "STANDALONE_TEST_TREE names no CPython tree")
@unittest.skipUnless(shutil.which("git"), "needs git")
class RealTreeTests(OverlayTestCase):

    def setUp(self):
        super().setUp()
        self.tree = self.make_tree()
        with unittest.mock.patch.dict(os.environ, GIT):
            self.patches = series.write(self.tree, self.scratch / "patches")
        self.every = {purpose.subject: purpose
                      for purpose in purposes.load().values()}
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "pristine")
        self.base = self.git("rev-parse", "HEAD")

    def git(self, *argv):
        done = children.run(["git", *argv], cwd=self.tree,
                            env={**os.environ, **GIT}, capture_output=True,
                            text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def back(self):
        self.git("reset", "-q", "--hard", self.base)
        self.git("clean", "-qfdx")

    def test_each_applies_alone(self):
        wanted = {edit.purpose for edit in overlay.fitting(self.tree)} & {
            purpose.name for subject, purpose in self.every.items() if subject}
        self.assertEqual(len(self.patches), len(wanted))
        for path in self.patches:
            with self.subTest(path.name):
                self.back()
                self.git("am", "-q", path)
                purpose = self.every[self.git(
                    "log", "-1", "--format=%s").partition(": ")[2]]
                self.assertEqual(
                    self.git("log", "-1", "--format=%an <%ae>%n%b"),
                    f"T. Ester <t@localhost>\n{purpose.body}")
                by_git = self.git("rev-parse", "HEAD^{tree}")
                self.check_files(purpose)
                self.back()
                done = children.run(
                    ["patch", "-p1"], cwd=self.tree,
                    input=path.read_bytes(), capture_output=True)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertNotRegex(done.stdout, b"fuzz|offset")
                self.git("add", "-A")
                self.assertEqual(self.git("write-tree"), by_git)

    def check_files(self, purpose):
        """A NEWS entry, a test, and every file that an import needs."""
        news = list(self.tree.glob("Misc/NEWS.d/next/*/*.rst"))
        self.assertEqual([path.read_text("utf-8") for path in news],
                         [f"{purpose.news}\n"])
        tests = self.tree / "Lib/test/test_standalone_runtime"
        self.assertTrue(list(tests.glob("test_*.py")))
        for path in tests.glob("*.py"):
            compile(path.read_bytes(), path, "exec")
            for name in re.findall(
                    r"from test\.test_standalone_runtime\.(\w+) import",
                    path.read_text(encoding="utf-8")):
                self.assertTrue((tests / f"{name}.py").is_file(), name)
        listed = (self.tree / "Makefile.pre.in").read_text("utf-8")
        self.assertIn("\t\ttest/test_standalone_runtime \\\n", listed)
        self.assertEqual("\t\t_standalone_runtime \\\n" in listed,
                         (self.tree / "Lib/_standalone_runtime").is_dir())
        self.check_imports()

    def check_imports(self):
        """What the edited modules import of ours can be imported."""
        wanted = set()
        # An older Python does not know the syntax of the tree's.
        compiles = sys.version_info[:2] >= feature_version(
            python_version(self.tree))
        for path in self.tree.glob("Lib/**/*.py"):
            if "standalone" not in path.relative_to(self.tree).parts[1]:
                if compiles:
                    compile(path.read_bytes(), path, "exec")
                wanted |= set(re.findall(
                    r"from _standalone_runtime import (\w+)",
                    path.read_text(encoding="utf-8")))
        names = [f"_standalone_runtime.{name}" for name in sorted(wanted)]
        done = children.run(
            [sys.executable, "-I", "-B", "-c", PRINT_MODULES,
             self.scratch / "alone", *names], capture_output=True, text=True,
            cwd=self.copy_of_the_package())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLessEqual(set(names), set(json.loads(done.stdout)))

    def copy_of_the_package(self):
        """The package by itself: the tree's Lib has other modules."""
        alone = self.scratch / "alone"
        shutil.rmtree(alone, ignore_errors=True)
        alone.mkdir()
        package = self.tree / "Lib/_standalone_runtime"
        if package.is_dir():
            shutil.copytree(package, alone / package.name)
        return alone

    def test_all_in_turn(self):
        for path in self.patches:
            self.git("am", "-3", "-q", path)
        for name, text in overlay.edited(self.tree).items():
            self.assertEqual((self.tree / name).read_bytes(),
                             patches.encode(text), name)
        for path in overlay.files():
            if path.parts[:2] != ("Misc", "NEWS.d"):
                self.assertEqual((self.tree / path).read_bytes(),
                                 (ROOT / path).read_bytes(), path)

    def test_the_tools_apply_the_rest(self):
        """`make standalone` has all edits in a tree with its patch alone."""
        other = self.make_tree("other")
        overlay.apply(other)
        self.git("am", "-q", self.patches[-1])
        self.assertEqual(overlay.edited(self.tree, root=self.tree),
                         overlay.edited(other))

    def test_getpath(self):
        """CPython's own tests pass with the edits of each patch alone."""
        for name in "Lib/test/test_getpath.py", "Modules/getpath.py":
            if not Path(REAL_TREE, name).is_file():
                self.skipTest(f"no {name}")
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(REAL_TREE, name), self.tree / name)
        pristine = (self.tree / "Modules/getpath.py").read_bytes()
        tried = 0
        for path in self.patches:
            part = changes(patches.decode(path.read_bytes())).get(
                "Modules/getpath.py")
            if part is None:
                continue
            tried += 1
            (self.tree / "Modules/getpath.py").write_bytes(pristine)
            self.patch(self.tree, part)
            done = children.run(
                [sys.executable, "-B", "-m", "unittest", "test_getpath"],
                cwd=self.tree / "Lib/test", capture_output=True, text=True)
            if "No module named 'test" in done.stderr:
                self.skipTest("this Python has no test.support")
            self.assertRegex(done.stderr, r"Ran [1-9]\d tests")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(tried, 3)

    def test_the_tree_was_checked(self):
        minor = ".".join(python_version(Path(REAL_TREE)).split(".")[:2])
        self.assertTrue([version for version in overlay._config(
            ROOT)["checked"] if version.startswith(f"{minor}.")])


if __name__ == "__main__":
    unittest.main()
