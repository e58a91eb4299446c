"""Test cpython.overlay with overlays and trees made for the tests."""

import os
import shutil
import unittest
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.cpython import overlay
from standalone.sources.version import python_version

from .overlaying import OverlayTestCase, patchlevel, state

SMALL_OVERLAY = r"""
files = ["Added", "only/*.txt", "not-there"]
checked = ["3.12.14", "3.16.0a0"]

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

[[edit]]
file = "package/here.txt"
why = "a test of files that were elsewhere"
anchor = "one"
place = "after"
text = "standalone_module"
python = ">=3.13"
moved = [{ python = "<3.13", file = "module.txt" }]
"""


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
        (self.tree / "package").mkdir()
        (self.tree / "package/here.txt").write_text("one\n")

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

    def test_a_file_that_was_elsewhere(self):
        new = "one\nstandalone_module\n"
        edited = overlay.edited(self.tree, self.root)
        self.assertEqual(edited["package/here.txt"], new)
        self.assertNotIn("module.txt", edited)
        patchlevel(self.tree, "3.12.14")
        self.refused(self.tree, "has no module.txt", root=self.root)
        (self.tree / "package/here.txt").rename(self.tree / "module.txt")
        edited = overlay.edited(self.tree, self.root)
        self.assertEqual(edited["module.txt"], new)
        self.assertNotIn("package/here.txt", edited)

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
        patchlevel(self.tree, "3.11.15")
        error = self.refused(self.tree, "3.11.15", "too old", root=self.root)
        self.assertIn("3.12", error.hint)


if __name__ == "__main__":
    unittest.main()
