"""Test cpython.series and purposes.toml: the overlay as patches."""

import email
import email.header
import errno
import os
import unittest
import unittest.mock
from collections import Counter
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.layout import ROOT, TOOLS
from standalone.cpython import overlay, purposes, series

from .overlaying import OverlayTestCase, changes, patchlevel, state


class DataTests(unittest.TestCase):

    def setUp(self):
        self.purposes = purposes.load()
        self.patched = [purpose for purpose in self.purposes.values()
                        if purpose.subject]

    def test_every_edit_has_a_purpose_and_every_purpose_an_edit(self):
        self.assertEqual({edit.purpose for edit in overlay.edits()},
                         set(self.purposes))
        for edit in overlay.edits():
            self.assertTrue(edit.why, edit.file)
        for purpose in self.purposes.values():
            self.assertLessEqual(set(purpose.needs), set(self.purposes))

    def test_what_has_no_patch_is_part_of_one(self):
        needed = {name for purpose in self.patched for name in purpose.needs}
        self.assertLessEqual(
            set(self.purposes) - {purpose.name for purpose in self.patched},
            needed)

    def test_messages(self):
        for purpose in self.patched:
            with self.subTest(purpose.name):
                title = series._title(purpose)
                self.assertRegex(title, r"\Agh-(\d{5,6}|NNNNNN): [A-Z]")
                self.assertLessEqual(len(title), 72)
                self.assertFalse(title.endswith("."))
                self.assertTrue(purpose.body.endswith("."))
                for line in purpose.body.splitlines():
                    self.assertLessEqual(len(line), 72)
                # Only an issue that the edits answer lends its number.
                if purpose.issue:
                    self.assertIn(f"gh-{purpose.issue}", purpose.answers)

    def test_news(self):
        # What blurb asks of an entry.
        for purpose in self.patched:
            with self.subTest(purpose.name):
                self.assertIn(purpose.section,
                              {"Core_and_Builtins", "Library", "Build"})
                self.assertRegex(purpose.date, r"\A\d{4}(-\d\d){5}\Z")
                self.assertTrue(purpose.news.endswith("."))
                for line in purpose.news.splitlines():
                    self.assertRegex(line, r"\A\S.{,74}\S\Z")
        dates = [purpose.date for purpose in self.patched]
        self.assertEqual(len(dates), len(set(dates)))

    def test_files_exist_and_include_tests(self):
        ours = {path.as_posix() for path in overlay.files()}
        for purpose in self.purposes.values():
            for name in purpose.files:
                self.assertTrue(name in ours or name == "*", name)
        for purpose in self.patched:
            self.assertTrue([
                name for name in purpose.files
                if name == "*" or Path(name).name.startswith("test_")])

    def test_answers_can_be_looked_up(self):
        for purpose in self.purposes.values():
            for answer in purpose.answers:
                self.assertRegex(
                    purposes._link(answer),
                    r"\A\[.*\]: https://github\.com/\S+/(issues|pull)/\d+\Z")

    def test_the_page_has_the_table(self):
        page = (TOOLS / "docs/overlay.md").read_text(encoding="utf-8")
        self.maxDiff = None
        found = page[page.index("| edit |"):]
        self.assertEqual(found[:len(purposes.table())], purposes.table())

    def test_figures(self):
        figures = {}
        for version in (3, 12), (3, 13), (3, 14), (3, 15), (3, 16):
            edits = [each for each in overlay.edits() if each.fits(version)]
            figures[version] = (
                len(edits), len({each.file for each in edits}),
                sum(each.text.count("\n") for each in edits))
        for version in (3, 15), (3, 16):
            self.assertLessEqual(figures[version][1], 12)
            self.assertLessEqual(figures[version][2], 150)
        if (ROOT / "README.md").is_file() and not REAL_ROOT:
            readme = (ROOT / "README.md").read_text(encoding="utf-8")
            edits, files, lines = figures[3, 13]
            self.assertIn(
                f"{edits} small edits to {files} of CPython's files "
                f"(`Tools/standalone/cpython/overlay.toml`; {lines} lines on "
                "3.13)", readme)


#: Whether the tests are in a CPython tree, which has its own README.
REAL_ROOT = (ROOT / "Include").exists()


class ClosureTests(unittest.TestCase):

    def names(self, name):
        every = purposes.load()
        parts = purposes.parts(every[name], every)
        text = "".join(edit.text for edit in overlay.edits()
                       if edit.purpose in parts)
        return set(purposes.files(every[name], every, text))

    def test_modules_that_edits_import(self):
        runtime = "Lib/_standalone_runtime"
        found = self.names("certificates")
        self.assertEqual(
            {name for name in found if name.startswith(runtime)},
            {f"{runtime}/__init__.py", f"{runtime}/certificates.py",
             f"{runtime}/report.py"})
        tests = "Lib/test/test_standalone_runtime"
        self.assertLessEqual({f"{tests}/__init__.py", f"{tests}/tree.py",
                              f"{tests}/test_certificates.py"}, found)
        self.assertNotIn(f"{tests}/test_zones.py", found)

    def test_no_modules_for_c_code(self):
        for name in "closefrom", "executable", "embedding", "venv":
            self.assertFalse([path for path in self.names(name)
                              if path.startswith("Lib/_standalone")], name)

    def test_everything(self):
        self.assertEqual(self.names("build"), {
            path.as_posix() for path in overlay.files()
            if path.parts[:2] != ("Misc", "NEWS.d")})

    def test_data_that_a_test_names(self):
        ours = {path.as_posix() for path in overlay.files()}
        name = "Lib/test/test_standalone_runtime/test_names.py"
        self.assertIn("Lib/test/test_standalone_runtime/missing.toml",
                      set(purposes._named((ROOT / name).read_text(), name,
                                          ours)))


class WriteTests(OverlayTestCase):
    """With the tree that the overlay was made for, or a small one."""

    def refused(self, tree, directory, *words):
        before = state(self.scratch)
        with self.assertRaises(UsageError) as caught:
            series.write(tree, directory)
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertEqual(state(self.scratch), before)
        return caught.exception

    def test_directories(self):
        tree, empty = self.make_tree(), self.scratch / "empty"
        empty.mkdir()
        inode = empty.stat().st_ino
        new = self.scratch / "deep" / "new"
        link = self.scratch / "link"
        link.symlink_to("linked")
        first = series.write(tree, empty)
        self.assertEqual([path.parent for path in first], [empty] * len(first))
        self.assertEqual(empty.stat().st_ino, inode)
        series.write(tree, new)
        series.write(tree, link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(state(new), state(empty))
        self.assertEqual(state(link.resolve()), state(empty))
        self.assertEqual(sorted(path.name for path in first),
                         sorted(os.listdir(empty)))
        self.assertEqual([path.name[:5] for path in first],
                         [f"{n:04}-" for n in range(1, len(first) + 1)])
        self.assertFalse(list(self.scratch.glob("**/.*")))

    def test_no_room(self):
        """A file in DIR that came first is not there after an error."""
        tree, empty = self.make_tree(), self.scratch / "empty"
        empty.mkdir()
        last = max(series.series(tree))
        move = Path.replace

        def replace(path, target):
            if path.name == last:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return move(path, target)

        with unittest.mock.patch.object(Path, "replace", replace):
            self.refused(tree, empty, "cannot write", "No space left")
        self.assertEqual(list(empty.iterdir()), [])

    def test_directory_that_is_not_empty(self):
        full = self.scratch / "full"
        full.mkdir()
        (full / "precious").write_text("x")
        error = self.refused(self.make_tree(), full, "full", "is not empty")
        self.assertIn("does not exist", error.hint)

    def test_file_in_the_way(self):
        (self.scratch / "file").write_text("x")
        self.refused(self.make_tree(), self.scratch / "file",
                     "is not a directory")
        self.refused(self.make_tree("other"), self.scratch / "file" / "below",
                     "cannot write")

    def test_moved_anchor(self):
        tree = self.make_tree()
        path = tree / "Lib/ssl.py"
        path.write_bytes(path.read_bytes().replace(b"import _ssl ",
                                                   b"import moved "))
        error = self.refused(tree, self.scratch / "new", "Lib/ssl.py",
                             "is missing")
        self.assertIn("overlay.toml", error.hint)

    def test_not_a_tree(self):
        (self.scratch / "nothing").mkdir()
        self.refused(self.scratch / "nothing", self.scratch / "new",
                     "is not a CPython tree")

    def test_versions(self):
        tree = self.make_tree()
        self.assertEqual(
            "terminal-descriptions" in " ".join(series.series(tree)),
            "terminfo" in {edit.purpose for edit in overlay.fitting(tree)})
        newer = self.scratch / "newer"
        for edit in overlay.edits():
            (newer / edit.file).parent.mkdir(parents=True, exist_ok=True)
            with (newer / edit.file).open("a", encoding="utf-8") as file:
                file.write(f"above\n{edit.old}below\n")
        patchlevel(newer, "3.16.0a1+")
        self.assertEqual(overlay.warning(newer), "")
        texts = series.series(newer)
        self.assertIn("terminal-descriptions", " ".join(texts))
        self.assertFalse([name for name, text in texts.items()
                          if "Modules/getpath.c" in changes(text)])
        patchlevel(newer, "3.17.0a0")
        self.assertEqual(set(series.series(newer)), set(texts))
        self.assertRegex(overlay.warning(newer),
                         r"\ACPython 3\.17\.0a0 is newer than 3\.16, .*\Z")

    def test_listing(self):
        tree = self.make_tree()
        lines = purposes.listing(tree)
        self.assertEqual(len(lines), len(overlay.edits()))
        told = Counter(line.split()[0] for line in lines)
        self.assertEqual(told, Counter(
            edit.file for edit in overlay.edits()))
        for line, edit in zip(lines, overlay.edits(), strict=True):
            self.assertRegex(line, rf"\A\S+ +{edit.purpose} +" + (
                r"applies\Z" if edit in overlay.fitting(tree) else
                r"(not needed|left out) "
                r"(from [\d.]+ on|before [\d.]+(, from [\d.]+ on)?)\Z"))

    def test_listing_for_an_old_version(self):
        tree = self.make_tree(edit=next(
            edit for edit in overlay.edits() if not edit.fits((3, 13))
            and edit.fits((3, 12))))
        found = dict(zip(overlay.edits(), purposes.listing(tree),
                         strict=True))
        for edit, line in found.items():
            end = ("applies" if edit.fits((3, 12)) else
                   "left out before 3.13" if edit.purpose == "history"
                   else r"not needed before 3\.1[34](, from 3\.15 on)?")
            self.assertRegex(line, rf"  {end}\Z")

    def test_author(self):
        tree = self.make_tree()
        for name, address, expected in (
                ("Zoë", "z@localhost", "Zoë <z@localhost>"),
                ("", "z@localhost", series._NOBODY),
                ("A\nSubject: x", "z@localhost", series._NOBODY)):
            with self.subTest(name), unittest.mock.patch.dict(
                    os.environ, GIT_AUTHOR_NAME=name,
                    GIT_AUTHOR_EMAIL=address):
                every = purposes.load()
                text = series._patch(every["history"], every, tree, ROOT)
                told = email.message_from_string(text)["From"]
                self.assertEqual(str(email.header.make_header(
                    email.header.decode_header(told))), expected)
                self.assertEqual(text.count("\nSubject: "), 1)

    def test_the_overlay_may_have_been_applied(self):
        tree = self.make_tree()
        pristine = series.series(tree)
        overlay.apply(tree)
        self.assertEqual(series.series(tree), pristine)
        self.assertEqual(series.series(tree, root=tree), pristine)


if __name__ == "__main__":
    unittest.main()
