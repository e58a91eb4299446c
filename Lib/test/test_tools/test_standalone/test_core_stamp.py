"""Test core.stamp: keys, and outputs that a kill leaves whole or not."""

import os
import signal
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core import stamp
from standalone.core.layout import TOOLS

from . import children

# Makes an output, and dies where it is told to.
CHILD = """\
import os, signal, sys
from pathlib import Path
from standalone.core import stamp

where, output = sys.argv[1], Path(sys.argv[2])
def die(at):
    if where == at:
        os.kill(os.getpid(), signal.SIGKILL)
with stamp.output_dir(output, "new") as out:
    (out / "half").write_text("half")
    die("body")
    rename = type(out).rename
    type(out).rename = lambda self, to: (die("rename"), rename(self, to))
"""


class KeyTest(unittest.TestCase):

    def test_key(self):
        self.assertEqual(stamp.key({"a": 1, "b": 2}), stamp.key({"b": 2,
                                                                 "a": 1}))
        self.assertEqual(stamp.key(("a",), Path("/x")),
                         stamp.key(["a"], "/x"))
        keys = [stamp.key(), stamp.key("ab"), stamp.key("a", "b"),
                stamp.key("b", "a"), stamp.key(["a", "b"]), stamp.key(["ab"]),
                stamp.key(1), stamp.key("1")]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertRegex(keys[0], r"\A[0-9a-f]{64}\Z")


class OutputTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.output = self.dir / "stage"

    def make(self, key, text):
        with stamp.output_dir(self.output, key) as out:
            (out / "file").write_text(text)

    def assertMade(self, key, text):
        self.assertTrue(stamp.is_fresh(self.output, key))
        self.assertEqual({path.name for path in self.output.iterdir()},
                         {"file", ".key"})
        self.assertEqual((self.output / "file").read_text(), text)
        self.assertEqual(os.listdir(self.dir), ["stage"])

    def test_made_anew(self):
        self.assertFalse(stamp.is_fresh(self.output, "one"))
        self.make("one", "1")
        self.assertMade("one", "1")
        self.assertFalse(stamp.is_fresh(self.output, "two"))
        self.make("two", "2")
        self.assertMade("two", "2")

    def test_a_failure_keeps_the_old_output_and_the_new_for_a_look(self):
        self.make("one", "1")
        with (self.assertRaises(ZeroDivisionError),
              stamp.output_dir(self.output, "two") as out):
            (out / "half").write_text("half")
            raise ZeroDivisionError
        self.assertTrue(stamp.is_fresh(self.output, "one"))
        self.assertTrue((self.dir / "stage.partial" / "half").exists())
        self.make("two", "2")
        self.assertMade("two", "2")

    def test_kill(self):
        for where, old_is_left in ("body", True), ("rename", False):
            with self.subTest(where=where):
                self.make("one", "1")
                child = children.run(
                    [sys.executable, "-c", CHILD, where, str(self.output)],
                    env={**os.environ, "PYTHONPATH": str(TOOLS.parent)})
                self.assertEqual(child.returncode, -signal.SIGKILL)
                self.assertEqual(stamp.is_fresh(self.output, "one"),
                                 old_is_left)
                self.assertFalse(stamp.is_fresh(self.output, "new"))
                self.make("two", "2")
                self.assertMade("two", "2")

    def test_remove_what_is_not_writable(self):
        deep = self.output / "a" / "b"
        deep.mkdir(parents=True)
        (deep / "file").write_text("")
        deep.chmod(0o500)
        (self.output / "a").chmod(0o500)
        stamp.remove(self.output)
        self.assertFalse(self.output.exists())
        stamp.remove(self.output)


class WriteTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_mtime_means_news(self):
        path = self.dir / "deep" / "x.key"
        self.assertTrue(stamp.write_if_changed(path, "ü"))
        os.utime(path, (1, 1))
        self.assertFalse(stamp.write_if_changed(path, "ü"))
        self.assertEqual(path.stat().st_mtime, 1)
        self.assertTrue(stamp.write_if_changed(path, "a"))
        self.assertNotEqual(path.stat().st_mtime, 1)
        self.assertEqual(os.listdir(path.parent), ["x.key"])

    def test_hash_of_a_tree(self):
        (self.dir / "a").write_text("1")
        before = stamp.tree_sha256(self.dir)
        (self.dir / "a.pyc").write_text("made by running")
        self.assertEqual(stamp.tree_sha256(self.dir), before)
        (self.dir / "a").rename(self.dir / "b")
        self.assertNotEqual(stamp.tree_sha256(self.dir), before)


if __name__ == "__main__":
    unittest.main()
