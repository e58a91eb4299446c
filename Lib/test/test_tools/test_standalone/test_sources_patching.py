"""Test sources.patching: real patches, made by diff's rules, good and bad."""

import difflib
import hashlib
import io
import tarfile
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from standalone.core.errors import BuildError, FetchError
from standalone.core.model import Patch, PatchSeries, Pin, SourceFile
from standalone.sources import patching

LINES = [f"line {number}\n" for number in range(1, 41)]
SERIES = "debian/patches/series"


def diff(old, new, name="doc/text"):
    """A patch of one file; None stands for no file."""
    return "".join(difflib.unified_diff(
        old or [], new or [],
        "/dev/null" if old is None else f"a/{name}",
        "/dev/null" if new is None else f"b/{name}"))


def edited(lines, number, text):
    """*lines* with another line *number*, which starts at 1."""
    return [*lines[:number - 1], text, *lines[number:]]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class PatchingTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source, self.fetched, self.ours = (
            self.dir / name for name in ("source", "fetched", "ours"))
        for path in self.source, self.fetched, self.ours:
            path.mkdir()
        self.write("doc/text", "".join(LINES))

    def write(self, name, text):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def contents(self):
        return {str(path.relative_to(self.source)): path.read_bytes().decode()
                for path in self.source.rglob("*") if path.is_file()}

    def pin(self, *series):
        return Pin("dep", "1.0", "MIT", (), patches=series)

    def files(self, **texts):
        """A series for each file of ours."""
        for name, text in texts.items():
            (self.ours / f"{name}.patch").write_bytes(text.encode())
        return [PatchSeries((Patch(f"{name}.patch", sha256(text)),))
                for name, text in texts.items()]

    def archive(self, members, *applied, omitted=(), listed=None, number=1):
        """A series of an archive that is like Debian's."""
        path = self.fetched / f"dep-patches-{number}"
        texts = {f"debian/patches/{name}": text
                 for name, text in members.items()}
        if listed is not None:
            texts[SERIES] = listed
        with tarfile.open(path, "w:xz") as tar:
            for name, text in texts.items():
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        top = "" if listed is not None else "debian/patches/"
        return PatchSeries(
            tuple(Patch(f"{top}{name}", sha256(members.get(name, "")))
                  for name in applied),
            SourceFile(hashlib.sha256(path.read_bytes()).hexdigest(),
                       ("debian:pool/main/d/dep_1.debian.tar.xz",)),
            SERIES if listed is not None else "", omitted)

    def apply(self, *series):
        patching.apply(self.pin(*series), self.fetched, self.source,
                       self.ours)

    def fails(self, *series, words, error=BuildError):
        """It is one error, and nothing is changed."""
        before = self.contents()
        with self.assertRaises(error) as caught:
            self.apply(*series)
        for word in words:
            self.assertIn(word, caught.exception.message)
        self.assertNotIn("\n", caught.exception.message)
        self.assertEqual(self.contents(), before)
        self.assertEqual({path.name for path in self.dir.iterdir()},
                         {"source", "fetched", "ours"})
        return caught.exception


class ApplyTest(PatchingTest):

    def test_one_after_the_other(self):
        first, second = (edited(LINES, 20, f"{text}\n") for text in "ab")
        patches = {"one": diff(LINES, first), "two": diff(first, second)}
        self.apply(*self.files(**patches))
        self.assertEqual(self.contents(), {"doc/text": "".join(second)})
        # The second alone, or in front of the first, has nothing to change.
        self.write("doc/text", "".join(LINES))
        self.fails(*reversed(self.files(**patches)),
                   words=["dep 1.0", "two.patch", "doc/text, hunk 1"])

    def test_files_come_and_go(self):
        self.write("gone", "a\nb\n")
        self.write("kept", "k\n")
        self.apply(*self.files(
            new=diff(None, ["int x;\n"], "src/new.c"),
            more=diff(["int x;\n"], ["int y;\n"], "src/new.c"),
            gone=diff(["a\n", "b\n"], None, "gone")))
        self.assertEqual(self.contents(), {
            "doc/text": "".join(LINES), "kept": "k\n",
            "src/new.c": "int y;\n"})

    def test_modes_and_times(self):
        script = self.source / "run"
        self.write("run", "a\n")
        script.chmod(0o755)
        before = script.stat()
        self.apply(*self.files(
            a=diff(["a\n"], ["b\n"], "run"),
            b="diff --git a/new b/new\nnew file mode 100755\n"
            "index 000..111\n" + diff(None, ["x\n"], "new"),
            c=diff(None, ["x\n"], "plain")))
        after = script.stat()
        self.assertEqual(script.read_text(), "b\n")
        self.assertEqual((after.st_mode, after.st_mtime_ns),
                         (before.st_mode, before.st_mtime_ns))
        modes = {name: (self.source / name).stat().st_mode & 0o777
                 for name in ("new", "plain")}
        self.assertEqual(modes, {"new": 0o755, "plain": 0o644})

    def test_bytes(self):
        """Carriage returns, form feeds, other encodings, no last newline."""
        old = b"a\r\nb\x0c\xe9\nc\x85d\nend"
        self.source.joinpath("raw").write_bytes(old)
        patch = (b"--- a/raw\n+++ b/raw\n@@ -1,4 +1,4 @@\n a\r\n-b\x0c\xe9\n"
                 b"+B\x0c\xe8\n c\x85d\n-end\n"
                 b"\\ No newline at end of file\n+END\n"
                 b"\\ No newline at end of file\n")
        (self.ours / "raw.patch").write_bytes(patch)
        self.apply(PatchSeries((Patch(
            "raw.patch", hashlib.sha256(patch).hexdigest()),)))
        self.assertEqual((self.source / "raw").read_bytes(),
                         b"a\r\nB\x0c\xe8\nc\x85d\nEND")

    def test_last_newline(self):
        self.write("raw", "a")
        self.apply(*self.files(a="--- a/raw\n+++ b/raw\n@@ -1 +1,2 @@\n-a\n"
                               "\\ No newline at end of file\n+a\n+b\n"))
        self.assertEqual(self.contents()["raw"], "a\nb\n")
        # With one, that is not the file that the patch is for.
        self.write("raw", "a\n")
        self.fails(*self.files(b="--- a/raw\n+++ b/raw\n@@ -1 +1 @@\n-a\n"
                               "\\ No newline at end of file\n+b\n"),
                   words=["raw, hunk 1"])

    def test_prose_around(self):
        """As git and quilt write it, with a subject and a signature."""
        changed = edited(edited(LINES, 3, "x\n"), 33, "y\n")
        text = ("From: A <a@example.org>\nSubject: change\n\n--- text\n"
                "-- and more\n---\n doc/text | 2 +-\n\n"
                "diff --git a/doc/text b/doc/text\nindex 1234..5678 100644\n"
                + diff(LINES, changed) + "-- \n2.47.3\n\n")
        self.apply(*self.files(a=text))
        self.assertEqual(self.contents()["doc/text"], "".join(changed))

    def test_another_line(self):
        """A hunk may have moved if there is one place for it."""
        patch = diff(LINES, edited(LINES, 20, "x\n"))
        self.write("doc/text", "".join(["new\n", *LINES]))
        self.apply(*self.files(a=patch))
        self.assertEqual(self.contents()["doc/text"],
                         "".join(["new\n", *edited(LINES, 20, "x\n")]))
        self.write("doc/text", "".join(["new\n", *LINES, *LINES]))
        self.fails(*self.files(a=patch),
                   words=["doc/text, hunk 1", "in 2 other places"])

    def test_no_fuzz(self):
        """A line of context differs, which patch would tolerate."""
        self.write("doc/text", "".join(edited(LINES, 23, "differs\n")))
        patch = diff(LINES, edited(edited(LINES, 5, "x\n"), 20, "x\n"))
        exc = self.fails(
            *self.files(good=diff(None, ["x\n"], "new"), bad=patch),
            words=["the patch bad.patch does not apply: doc/text, hunk 2 "
                   "(@@ -17,7 +17,7 @@): its old lines are not there"])
        self.assertEqual(exc.exit_code, 4)
        self.assertIn("[[dep.patches]]", exc.hint)


class BadPatchTest(PatchingTest):

    def test_outside(self):
        (self.dir / "ours" / "secret").write_text("a\n")
        for name in ("../ours/secret", "a/../../ours/secret",
                     str(self.ours / "secret")):
            for old in f"--- {name}\n", "--- a/x\n", "--- /dev/null\n":
                start = "@@ -0,0 +1 @@" if "null" in old else "@@ -1 +1 @@"
                text = f"{old}+++ {name}\n{start}\n"
                text += ("" if "null" in old else "-a\n") + "+b\n"
                with self.subTest(text=text):
                    self.fails(*self.files(a=text), words=["a.patch", name])
            self.fails(*self.files(a=f"--- {name}\n+++ /dev/null\n"
                                   "@@ -1 +0,0 @@\n-a\n"),
                       words=["a.patch", "outside"])
        self.assertEqual((self.ours / "secret").read_text(), "a\n")

    def test_through_a_link(self):
        (self.ours / "secret").write_text("a\n")
        (self.source / "link").symlink_to(self.ours)
        (self.source / "file").symlink_to("doc/text")
        self.fails(*self.files(a=diff(["a\n"], ["b\n"], "link/secret")),
                   words=["link/secret: is outside"])
        self.fails(*self.files(a=diff(None, ["b\n"], "link/new")),
                   words=["link/new: is outside"])
        self.fails(*self.files(a=diff(LINES, LINES[1:], "file")),
                   words=["file: is not a regular file"])
        self.assertEqual((self.ours / "secret").read_text(), "a\n")

    def test_other_files(self):
        for text, words in (
                (diff(["a\n"], ["b\n"], "none"), "none: no such file"),
                (diff(["a\n"], ["b\n"], "doc"), "doc: is not a regular"),
                (diff(None, ["b\n"]), "doc/text: exists already"),
                (diff(LINES[:9], None), "doc/text: has more lines"),
                ("--- text\n+++ text\n@@ -1 +1 @@\n-a\n+b\n",
                 "no directory to remove")):
            with self.subTest(words):
                self.fails(*self.files(a=text), words=["a.patch", words])

    def test_what_is_not_only_text(self):
        for text in (
                "diff --git a/doc/text b/doc/new\nsimilarity index 100%\n"
                "rename from doc/text\nrename to doc/new\n",
                "diff --git a/doc/text b/doc/text\nold mode 100644\n"
                "new mode 100755\n",
                "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n"
                "+++ b/x\n@@ -0,0 +1 @@\n+/etc/passwd\n"
                "\\ No newline at end of file\n",
                "Binary files a/doc/text and b/doc/text differ\n",
                diff(LINES, LINES[1:]).replace("b/doc/text", "b/doc/new")):
            with self.subTest(text):
                self.fails(*self.files(a=text),
                           words=["a.patch", "only the contents of text"])

    def test_damaged(self):
        good = diff(LINES, edited(edited(LINES, 3, "x\n"), 33, "y\n"))
        lines = good.splitlines(keepends=True)
        for name, text in (
                ("empty", ""), ("prose", "Subject: nothing\n"),
                ("truncated", "".join(lines[:-3])),
                ("no header", "".join(lines[2:])),
                ("hunk", good.replace("@@ -30", "@@ - 30")),
                ("hunk", good.replace(" @@\n", "\n"))):
            with self.subTest(name):
                self.fails(*self.files(a=text), words=["a.patch"])


class ArchiveTest(PatchingTest):

    def setUp(self):
        super().setUp()
        a, b, c = (edited(LINES, 20, f"{text}\n") for text in "abc")
        self.members = {"one": diff(LINES, a), "two": diff(a, b),
                        "three": diff(b, c), "paths": "no patch\n"}
        self.result = {"doc/text": "".join(c)}

    def test_series(self):
        listed = "# Debian's\npaths -p1\n\none\ntwo # more\nthree -p1\n"
        self.apply(self.archive(self.members, "one", "two", "three",
                                omitted=("paths",), listed=listed))
        self.assertEqual(self.contents(), self.result)

    def test_list(self):
        """Without a series, the order is that of the pin."""
        self.apply(self.archive(self.members, "one", "two", "three"))
        self.assertEqual(self.contents(), self.result)
        self.write("doc/text", "".join(LINES))
        self.fails(self.archive(self.members, "two", "one", "three"),
                   words=["debian/patches/two"])

    def test_two_archives_and_a_file(self):
        [ours] = self.files(two=self.members["two"])
        self.apply(self.archive(self.members, "one"), ours,
                   self.archive(self.members, "three", number=3))
        self.assertEqual(self.contents(), self.result)

    def test_series_differs(self):
        for listed, applied, omitted, words in (
                ("one\ntwo\nnew\n", ("one", "two"), (),
                 "new is neither in `members` nor in `omit`"),
                ("one\n", ("one", "two"), (), f"two is not in {SERIES}"),
                ("one\n", ("one",), ("two",), f"two is not in {SERIES}"),
                ("two\none\n", ("one", "two"), (), "another order"),
                ("one -p0\n", ("one",), (), "one has the options -p0")):
            with self.subTest(words):
                self.fails(self.archive(self.members, *applied,
                                        omitted=omitted, listed=listed),
                           words=[words], error=FetchError)

    def test_missing_member(self):
        exc = self.fails(
            self.archive(self.members, "one", "four", listed="one\nfour\n"),
            words=["has no debian/patches/four"], error=FetchError)
        self.assertEqual(exc.exit_code, 3)
        series = self.archive(self.members, "one")
        self.fails(replace(series, series=SERIES),
                   words=["has no", SERIES], error=FetchError)

    def test_another_hash(self):
        series = self.archive(self.members, "one", listed="one\n")
        [patch] = series.patches
        wrong = replace(series, patches=(replace(patch, sha256="0" * 64),))
        self.fails(wrong, words=["one refused", "0" * 64, patch.sha256],
                   error=FetchError)
        other = replace(series.archive, sha256="0" * 64)
        self.fails(replace(series, archive=other), error=FetchError,
                   words=["dep-patches-1 refused", "0" * 64,
                          series.archive.sha256])
        [ours] = self.files(a=self.members["one"])
        (self.ours / "a.patch").write_text("edited\n")
        self.fails(ours, words=["a.patch refused"], error=FetchError)
        (self.ours / "a.patch").unlink()
        self.fails(ours, words=["cannot read the patch", "a.patch"],
                   error=FetchError)

    def test_no_archive(self):
        series = self.archive(self.members, "one")
        (self.fetched / "dep-patches-1").unlink()
        self.fails(series, error=FetchError,
                   words=["cannot read the patches", "dep-patches-1"])

    def test_damaged_archive(self):
        series = self.archive(self.members, "one", listed="one\n")
        path = self.fetched / "dep-patches-1"
        path.write_bytes(path.read_bytes()[:200])
        damaged = replace(series.archive, sha256=hashlib.sha256(
            path.read_bytes()).hexdigest())
        self.fails(replace(series, archive=damaged),
                   words=["damaged or incomplete"], error=FetchError)


if __name__ == "__main__":
    unittest.main()
