"""Test sources.patching: real patches, good and bad."""

import hashlib
import unittest

from standalone.core.model import Patch, PatchSeries

from .patches import LINES, PatchingTest, diff, edited


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


if __name__ == "__main__":
    unittest.main()
