"""Tests of the overlay.

The mechanism is tested on small trees made of the anchors that overlay.toml
names.  With STANDALONE_TEST_TREE=DIR, an unpacked CPython that is only read,
all of it is tested on that tree's files, and configure and make are run.
"""

import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.layout import ROOT
from standalone.cpython import overlay
from standalone.sources.version import python_version

from . import children

REAL_TREE = os.environ.get("STANDALONE_TEST_TREE")

SMALL_OVERLAY = r"""
files = ["Added", "only/*.txt", "not-there"]

[[edit]]
file = "old.txt"
why = "a test of replace"
anchor = "two"
place = "replace"
text = "not standalone_two"

[[edit]]
file = "old.txt"
why = "a test of versions"
anchor = "three"
place = "after"
text = '''
standalone_before_314

'''
python = "<3.14"

[[edit]]
file = "old.txt"
why = "a test of versions"
anchor = "three"
place = "after"
text = "standalone_since_314"
python = ">=3.14"
"""


def patchlevel(tree, version):
    header = tree / "Include" / "patchlevel.h"
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text("/* Version as a string */\n"
                      f'#define PY_VERSION      \t"{version}"\n')


def state(tree):
    """All of a tree: path, bytes and whether it is a program."""
    return {path.relative_to(tree): (path.read_bytes(),
                                     path.stat().st_mode & 0o111 != 0)
            for path in tree.rglob("*") if path.is_file()}


class OverlayTestCase(unittest.TestCase):

    def setUp(self):
        self.scratch = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch)

    def make_tree(self, name="tree", edit=None):
        """The files that the overlay edits, real ones if we have them: of
        3.13, or of 3.14 for an *edit* that 3.13 does not need."""
        tree = self.scratch / name
        old = edit is None or edit.fits((3, 13))
        if REAL_TREE and old:
            for file in {"Include/patchlevel.h", "Include/object.h",
                         *(edit.file for edit in overlay.edits()
                           if edit.fits((3, 13)))}:
                (tree / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(Path(REAL_TREE, file), tree / file)
            return tree
        patchlevel(tree, "3.13.15" if old else "3.14.0")
        for edit in overlay.edits():
            (tree / edit.file).parent.mkdir(parents=True, exist_ok=True)
            with (tree / edit.file).open("a", encoding="utf-8") as file:
                file.write(f"\x0cabove\r\n{edit.old}below: \xe9\n")
        (tree / "configure").chmod(0o755)
        return tree

    def refused(self, tree, *words, root=ROOT):
        """apply raises, says *words*, and changes nothing."""
        before = state(tree)
        with self.assertRaises(UsageError) as caught:
            overlay.apply(tree, root)
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertEqual(state(tree), before)
        with self.assertRaises(UsageError):
            overlay.check(tree, root)
        return caught.exception

    def patch(self, tree, text):
        children.run(
            ["patch", "-s", "-p1"], cwd=tree, check=True,
            input=text.encode("utf-8", "surrogateescape"))


class ApplyTests(OverlayTestCase):

    def test_apply_is_idempotent(self):
        tree = self.make_tree()
        self.assertFalse(overlay.check(tree))
        changed = overlay.apply(tree)
        self.assertEqual(sorted(changed), sorted(set(changed)))
        self.assertLessEqual({"configure.ac", "configure", "Makefile.pre.in",
                              "Tools/standalone/cpython/overlay.py"},
                             {path.as_posix() for path in changed})
        self.assertTrue(os.access(tree / "configure", os.X_OK))
        self.assertTrue(overlay.check(tree))
        times = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
        self.assertEqual(overlay.apply(tree), [])
        self.assertEqual(
            {path: path.stat().st_mtime_ns for path in tree.rglob("*")},
            times)

    def test_configure_is_newer_than_configure_ac(self):
        tree = self.make_tree()
        overlay.apply(tree)
        self.assertGreaterEqual((tree / "configure").stat().st_mtime_ns,
                                (tree / "configure.ac").stat().st_mtime_ns)

    def test_each_edit_stands_beside_its_anchor(self):
        for number, edit in enumerate(overlay.edits()):
            with self.subTest(file=edit.file, anchor=edit.old):
                tree = self.make_tree(f"tree{number}", edit)
                overlay.apply(tree)
                text = (tree / edit.file).read_bytes().decode()
                self.assertEqual(text.count("\n" + edit.new), 1)

    def test_a_lost_edit_is_put_back(self):
        for number, edit in enumerate(overlay.edits()):
            with self.subTest(file=edit.file, anchor=edit.old):
                tree = self.make_tree(f"tree{number}", edit)
                overlay.apply(tree)
                whole = state(tree)
                file = tree / edit.file
                file.write_bytes(file.read_bytes().replace(
                    ("\n" + edit.new).encode(), ("\n" + edit.old).encode()))
                self.assertFalse(overlay.check(tree))
                self.assertEqual(overlay.apply(tree), [Path(edit.file)])
                self.assertEqual(state(tree), whole)

    def test_missing_anchor(self):
        for number, edit in enumerate(overlay.edits()):
            with self.subTest(file=edit.file, anchor=edit.old):
                tree = self.make_tree(f"tree{number}", edit)
                file = tree / edit.file
                text = file.read_bytes()
                file.write_bytes(text.replace(b"\n" + edit.old.encode(),
                                              b"\n# moved\n"))
                self.assertNotEqual(file.read_bytes(), text)
                error = self.refused(tree, edit.file, edit.old.strip()[:15],
                                     "is missing", "nothing was changed")
                self.assertIn("overlay.toml", error.hint)

    def test_ambiguous_anchor(self):
        for number, edit in enumerate(overlay.edits()):
            with self.subTest(file=edit.file, anchor=edit.old):
                tree = self.make_tree(f"tree{number}", edit)
                with (tree / edit.file).open("ab") as file:
                    file.write(2 * edit.old.encode())
                self.refused(tree, edit.file, edit.old.strip()[:15],
                             "matches 3 times", "nothing was changed")

    def test_changed_edit(self):
        for number, edit in enumerate(overlay.edits()):
            with self.subTest(file=edit.file, anchor=edit.old):
                tree = self.make_tree(f"tree{number}", edit)
                overlay.apply(tree)
                file = tree / edit.file
                text = file.read_bytes()
                ours = edit.text.encode()
                file.write_bytes(text.replace(
                    b"\n" + ours, b"\n" + ours.replace(b"\n", b" \n", 1)))
                self.assertNotEqual(file.read_bytes(), text)
                self.refused(tree, edit.file, "edited or moved")

    def test_edit_that_is_there_twice(self):
        tree = self.make_tree()
        overlay.apply(tree)
        with (tree / "configure").open("a") as file:
            file.write("with_standalone\n")
        self.refused(tree, "configure", "with_standalone")

    def test_missing_file(self):
        tree = self.make_tree()
        (tree / "configure").unlink()
        self.refused(tree, "configure", "nothing was changed")

    def test_unwritable(self):
        tree = self.make_tree()
        (tree / "Tools").write_text("in the way")
        with self.assertRaisesRegex(UsageError, "cannot write .*Tools"):
            overlay.apply(tree)

    def test_an_overlaid_tree_is_a_root_itself(self):
        tree, other = self.make_tree(), self.make_tree("other")
        pristine = overlay.diff(tree)
        overlay.apply(tree)
        self.assertEqual(overlay.files(tree), overlay.files())
        self.assertEqual(overlay.apply(tree, root=tree), [])
        self.assertEqual(overlay.diff(tree, root=tree), pristine)
        overlay.apply(other, root=tree)
        self.assertEqual(state(other), state(tree))


class SmallOverlayTests(OverlayTestCase):

    def setUp(self):
        super().setUp()
        self.root, self.tree = self.scratch / "root", self.scratch / "tree"
        for name, data in {
                "Tools/standalone/cpython/overlay.toml":
                    SMALL_OVERLAY.encode(),
                "Added/empty": b"",
                "Added/program": b"#!/bin/sh\nexit 0\n",
                "Added/deep/binary": b"\x7fELF\0\0\n\r\n\xff\x0c\n\0",
                "Added/deep/no-newline": "caf\xe9".encode(),
                "Added/__pycache__/x.pyc": b"",
                "Added/.hidden": b"",
                "only/one.txt": b"1\n",
                "only/two.rst": b"2\n",
                "Makefile": b"all:\n"}.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(data)
        (self.root / "Added/program").chmod(0o755)
        patchlevel(self.tree, "3.13.5")
        (self.tree / "old.txt").write_text("one\ntwo\nthree\nfour")

    def test_files(self):
        self.assertEqual(
            [path.as_posix() for path in overlay.files(self.root)],
            ["Added/deep/binary", "Added/deep/no-newline", "Added/empty",
             "Added/program", "only/one.txt"])

    def test_versions(self):
        for version, word in [("3.13.15", "before_314"),
                              ("3.14.0", "since_314"),
                              ("3.16.0a3+", "since_314"),
                              ("4.0.0", "since_314")]:
            with self.subTest(version=version):
                patchlevel(self.tree, version)
                self.assertEqual(python_version(self.tree), version)
                new = overlay.edited(self.tree, self.root)["old.txt"]
                self.assertEqual(
                    new.split(), ["one", "not", "standalone_two", "three",
                                  f"standalone_{word}", "four"])

    def test_diff_applies_with_patch(self):
        other = self.scratch / "other"
        shutil.copytree(self.tree, other)
        text = overlay.diff(self.tree, self.root)
        self.patch(other, text)
        overlay.apply(self.tree, self.root)
        self.assertEqual(state(other), state(self.tree))
        self.assertTrue(overlay.check(other, self.root))
        self.assertEqual(overlay.diff(self.tree, self.root), text)

    def test_mode_alone_is_a_difference(self):
        overlay.apply(self.tree, self.root)
        (self.tree / "Added/program").chmod(0o644)
        self.assertFalse(overlay.check(self.tree, self.root))
        self.assertEqual(overlay.apply(self.tree, self.root),
                         [Path("Added/program")])

    def test_not_a_tree(self):
        with self.assertRaisesRegex(
                UsageError, "is not a CPython tree: no Include/patchlevel.h"):
            overlay.apply(self.root, self.root)
        (self.tree / "Include/patchlevel.h").write_text("#pragma once\n")
        self.refused(self.tree, "no PY_VERSION", root=self.root)

    def test_too_old(self):
        patchlevel(self.tree, "3.12.13")
        error = self.refused(self.tree, "3.12.13", "too old", root=self.root)
        self.assertIn("3.13", error.hint)


class AgreementTests(unittest.TestCase):
    """overlay.toml and the rest of the repository say the same."""

    def test_edits_are_few(self):
        lines = sum(edit.text.count("\n") for edit in overlay.edits())
        self.assertLess(lines, 200)

    def test_no_front_door_in_a_tree(self):
        found = {path.as_posix() for path in overlay.files()}
        self.assertFalse(found & {"Makefile", "README.md", "configure.ac",
                                  ".gitignore"})
        self.assertIn("Tools/standalone/cpython/overlay.toml", found)

    def test_test_directories_are_listed(self):
        # As CPython's test_tools.test_makefile demands.
        listed = {line.strip("\t \\") for edit in overlay.edits()
                  if edit.file == "Makefile.pre.in"
                  for line in edit.text.splitlines()
                  if line.startswith("\t\ttest/")}
        ours = {path.parent.relative_to("Lib").as_posix()
                for path in overlay.files()
                if path.is_relative_to("Lib/test")}
        self.assertEqual(listed, ours)

    @unittest.skipIf((ROOT / "Include").exists(), "has CPython's entries too")
    def test_news_entries_are_laid_over(self):
        entries = {path.relative_to(ROOT)
                   for path in ROOT.glob("Misc/NEWS.d/next/*/*.rst")}
        self.assertLessEqual(entries, set(overlay.files()))


@unittest.skipUnless(REAL_TREE, "STANDALONE_TEST_TREE names no CPython tree")
class RealTreeTests(OverlayTestCase):

    def run_in(self, directory, *argv, check=False):
        # A make that runs the tests must not speak to the one under test.
        env = {name: value for name, value in os.environ.items()
               if name not in ("MAKEFLAGS", "MAKELEVEL", "OPTIONS")}
        return children.run(argv, cwd=directory, env=env, check=check,
                            capture_output=True, text=True)

    def test_diff_applies_with_patch(self):
        tree, other = self.make_tree(), self.make_tree("other")
        self.patch(other, overlay.diff(tree))
        overlay.apply(tree)
        self.assertEqual(state(other), state(tree))

    def test_help(self):
        tree = self.make_tree()
        overlay.apply(tree)
        done = self.run_in(tree, "./configure", "--help", check=True)
        self.assertIn("\n  --with-standalone[=OPTIONS]\n", done.stdout)

    def test_same_as_autoconf(self):
        tree = self.make_tree()
        overlay.apply(tree)
        ours = (tree / "configure").read_text(encoding="utf-8")
        needed = re.search(r"Generated by GNU (Autoconf [\d.]+)", ours)[1]
        if not shutil.which("autoconf") or f"{needed.split()[1]}\n" not in (
                self.run_in(tree, "autoconf", "--version").stdout):
            self.skipTest(f"needs {needed}")
        for name in ("aclocal.m4", "install-sh", "config.guess",
                     "config.sub"):
            shutil.copy2(Path(REAL_TREE, name), tree / name)
        self.run_in(tree, "autoconf", "-f", "-o", "again", check=True)
        self.assertEqual((tree / "again").read_text(encoding="utf-8"), ours)

    @unittest.skipUnless(shutil.which("cc") and shutil.which("make"),
                         "needs a C compiler and make")
    def test_configure_and_make(self):
        tree, build = self.scratch / "full", self.scratch / "build"
        shutil.copytree(REAL_TREE, tree, symlinks=True)
        overlay.apply(tree)
        real = (tree / "Makefile.standalone").read_text(encoding="utf-8")
        (tree / "Makefile.standalone").write_text(
            "standalone standalone-fetch standalone-clean standalone-help:\n"
            "\t@echo '$@ $(OPTIONS) $(TARGET)'\n")
        build.mkdir()

        def configure(*options):
            return self.run_in(build, "../full/configure", "-q", "-C",
                               *options)

        def make(*words):
            return self.run_in(build, "make", "-s", *words)

        self.assertEqual(configure().returncode, 0)
        done = make("standalone")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("make standalone: first run ../full/configure "
                      "--with-standalone\n", done.stderr)

        for option, default in [("--with-standalone", "noopt"),
                                ("--with-standalone=lto+gpl", "lto+gpl")]:
            done = configure(option)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("unrecognized", done.stderr)
            for target in ("standalone", "standalone-fetch",
                           "standalone-clean", "standalone-help"):
                self.assertEqual(make(target).stdout.strip(),
                                 f"{target} {default}")
        self.assertEqual(
            make("standalone", "OPTIONS=debug", "TARGET=t").stdout.strip(),
            "standalone debug t")

        # configure knows no words; the tools say which are wrong.
        (tree / "Makefile.standalone").write_text(real, encoding="utf-8")
        for words, message in (
                ("bogus+gpl", "unknown OPTIONS 'bogus'"),
                ("lto+debug",
                 "OPTIONS=lto+debug has more than one flavour")):
            done = configure(f"--with-standalone={words}")
            self.assertEqual(done.returncode, 0, done.stderr)
            done = make("standalone", f"PYTHON3={sys.executable}")
            self.assertEqual(done.returncode, 2)
            self.assertEqual(
                [line for line in done.stderr.splitlines()
                 if line.startswith("standalone: error:")],
                [f"standalone: error: {message}"])
            self.assertNotIn("Traceback", done.stderr)
            self.assertFalse((build / "dist").exists())


if __name__ == "__main__":
    unittest.main()
