"""Test cpython.source: a copy that follows its tree, file by file."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.cpython import overlay, source

from .trees import request, small_tree

REAL_TREE = os.environ.get("STANDALONE_TEST_TREE")

# What configure and make leave in a tree that is built in place, git's
# own files, and what nobody needs to build.
LITTER = (
    ".git/HEAD", "Doc/library/os.rst", "Lib/__pycache__/os.cpython-313.pyc",
    "Lib/old.pyc", "Makefile", "Makefile.pre", "Modules/Setup.local",
    "Modules/Setup.stdlib", "Modules/config.c", "Modules/zlibmodule.o",
    "Modules/_x.cpython-313-x86_64-linux-gnu.so", "Objects/x.gcda",
    "Programs/_freeze_module", "Python/frozen_modules/os.h", "build/lib/x",
    "config.log", "config.status", "dist/x.tar.gz", "libpython3.13.a",
    "libpython3.13.so.1.0", "pybuilddir.txt", "pyconfig.h", "python",
    "python-config.py", "Misc/python.pc")


class SourceTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tree = small_tree(self.dir / "a tree, müde")
        self.config = request(self.tree, self.dir / "out")
        self.copy = self.config.layout.stage("source")

    def write(self, name, text=""):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def sync(self):
        """Run the stage; the files that were written."""
        before = self.state()
        source.run(self.config, "the key")
        self.assertTrue(stamp.is_fresh(self.copy, "the key"))
        after = self.state()
        return {name for name in before.keys() | after.keys()
                if before.get(name) != after.get(name)} - {".key"}

    def state(self):
        return {path.relative_to(self.copy).as_posix():
                    (path.lstat().st_ino, path.lstat().st_mtime_ns)
                for path in self.copy.rglob("*")
                if path.is_symlink() or path.is_file()}

    def fingerprint(self):
        return source.fingerprint(self.config.pristine,
                                  self.config.layout.out)

    def test_the_tree_with_the_overlay(self):
        before = self.tree_state()
        written = self.sync()
        self.assertEqual(self.tree_state(), before)
        self.assertIn("Lib/os.py", written)
        ours = {path.as_posix() for path in overlay.files()}
        self.assertEqual(written - ours, {
            path.relative_to(self.tree).as_posix()
            for path in self.tree.rglob("*") if path.is_file()} - ours)
        edited = overlay.edited(self.tree)
        for name, text in edited.items():
            # The tests of these tools stay where they are.
            text = "".join(line for line in text.splitlines(True)
                           if "test_tools/test_standalone" not in line)
            self.assertEqual((self.copy / name).read_text(), text)
        self.assertFalse((self.copy / "Lib/test/test_tools/test_standalone")
                         .exists())
        self.assertEqual(self.sync(), set())

    def tree_state(self):
        return {path: (path.lstat().st_mtime_ns, path.lstat().st_mode)
                for path in self.tree.rglob("*")}

    def test_times_and_modes_are_those_of_the_tree(self):
        # Else make would want autoconf, and remake what is generated.
        for number, name in enumerate(("configure", "configure.ac",
                                       "Lib/os.py")):
            os.utime(self.tree / name, (0, 1000 + number))
        self.sync()
        for name in "configure", "configure.ac", "Lib/os.py":
            there, here = (self.tree / name).stat(), (self.copy / name).stat()
            self.assertEqual((there.st_mtime, there.st_mode),
                             (here.st_mtime, here.st_mode), name)

    def test_a_changed_file_alone_is_written(self):
        self.sync()
        before = self.fingerprint()
        self.write("Lib/os.py", "# OS\n")
        self.assertNotEqual(self.fingerprint(), before)
        self.assertEqual(self.sync(), {"Lib/os.py"})
        self.assertEqual((self.copy / "Lib/os.py").read_text(), "# OS\n")

    def test_a_touched_file(self):
        self.sync()
        before = self.fingerprint()
        os.utime(self.tree / "Lib/os.py")
        self.assertNotEqual(self.fingerprint(), before)
        self.assertEqual(self.sync(), set())

    def test_what_changed_is_new_whatever_its_time(self):
        # As in another tree of the same version: objects are older.
        self.sync()
        built = (self.copy / "Lib/os.py").stat().st_mtime
        self.write("Lib/os.py", "# OS\n")
        self.write("Lib/new.py", "# new\n")
        for name in "Lib/os.py", "Lib/new.py":
            os.utime(self.tree / name, (0, 1000))
        self.assertEqual(self.sync(), {"Lib/os.py", "Lib/new.py"})
        for name in "Lib/os.py", "Lib/new.py":
            self.assertGreaterEqual(
                (self.copy / name).stat().st_mtime, built, name)
        self.assertEqual(self.sync(), set())

    def test_a_changed_mode(self):
        self.sync()
        before = self.fingerprint()
        (self.tree / "Lib/os.py").chmod(0o755)
        self.assertNotEqual(self.fingerprint(), before)
        self.sync()
        self.assertEqual((self.copy / "Lib/os.py").stat().st_mode & 0o777,
                         0o755)

    def test_a_changed_edited_file(self):
        self.sync()
        with (self.tree / "configure").open("a") as file:
            file.write("more\n")
        os.utime(self.tree / "configure", (0, 1000))
        built = (self.copy / "Lib/os.py").stat().st_mtime
        self.assertEqual(self.sync(), {"configure"})
        self.assertGreaterEqual(
            (self.copy / "configure").stat().st_mtime, built)
        text = (self.copy / "configure").read_text()
        self.assertTrue(text.endswith("more\n"))
        self.assertIn("with_standalone", text)

    def test_a_removed_and_a_new_file(self):
        self.write("Lib/deep/er/x.py")
        self.sync()
        before = self.fingerprint()
        shutil.rmtree(self.tree / "Lib/deep")
        self.write("Lib/new.py")
        self.assertNotEqual(self.fingerprint(), before)
        self.assertEqual(self.sync(), {"Lib/deep/er/x.py", "Lib/new.py"})
        # A package that is gone must not be found as a namespace package.
        self.assertFalse((self.copy / "Lib/deep").exists())

    def test_a_directory_becomes_a_file_and_back(self):
        self.write("Lib/x/a.py")
        self.sync()
        shutil.rmtree(self.tree / "Lib/x")
        self.write("Lib/x", "file")
        self.sync()
        self.assertEqual((self.copy / "Lib/x").read_text(), "file")
        (self.tree / "Lib/x").unlink()
        self.write("Lib/x/b.py", "b")
        self.sync()
        self.assertEqual((self.copy / "Lib/x/b.py").read_text(), "b")

    def test_litter_is_neither_copied_nor_seen(self):
        before = self.fingerprint()
        for name in LITTER:
            self.write(name, "litter")
        self.assertEqual(self.fingerprint(), before)
        written = self.sync()
        self.assertEqual(written & set(LITTER), set())

    def test_litter_in_the_copy_is_removed(self):
        """It may have been source to another version of the stage."""
        self.sync()
        litter = self.copy / "Lib/test/test_tools/test_standalone/test_x.py"
        litter.parent.mkdir(parents=True)
        litter.write_text("")
        self.write("Lib/new.py")
        self.sync()
        self.assertFalse(litter.parent.exists())

    def test_litter_of_another_place_is_source(self):
        # "build" and others are of the top directory alone.
        names = {"Tools/x/Makefile", "Lib/build/x.py", "Lib/dist/x.py"}
        for name in names:
            self.write(name)
        self.assertLessEqual(names, self.sync())

    def test_out_in_the_tree(self):
        config = request(self.tree, self.tree / "my out")
        before = source.fingerprint(self.tree, config.layout.out)
        self.write("my out/work/x")
        self.assertEqual(
            source.fingerprint(self.tree, config.layout.out), before)
        self.assertNotIn("my out/work/x",
                         source.files(self.tree, Path(config.out)))

    def test_symbolic_links(self):
        (self.tree / "Lib/link.py").symlink_to("os.py")
        (self.tree / "Lib/dangling").symlink_to("nowhere")
        (self.tree / "Lib/directory").symlink_to("ensurepip")
        self.sync()
        for name, target in [("link.py", "os.py"), ("dangling", "nowhere"),
                             ("directory", "ensurepip")]:
            self.assertEqual(os.readlink(self.copy / "Lib" / name), target)
        self.assertEqual(self.sync(), set())
        (self.tree / "Lib/link.py").unlink()
        (self.tree / "Lib/link.py").symlink_to("../LICENSE")
        self.assertEqual(self.sync(), {"Lib/link.py"})
        self.assertEqual(os.readlink(self.copy / "Lib/link.py"), "../LICENSE")

    def test_a_link_becomes_a_file_and_back(self):
        link = self.tree / "Lib/link.py"
        link.symlink_to("os.py")
        self.sync()
        link.unlink()
        link.write_text("a file of its own")
        self.sync()
        self.assertFalse((self.copy / "Lib/link.py").is_symlink())
        self.assertEqual((self.copy / "Lib/os.py").read_text(), "# os\n")
        link.unlink()
        link.symlink_to("os.py")
        self.sync()
        self.assertTrue((self.copy / "Lib/link.py").is_symlink())

    def test_a_moved_anchor_leaves_the_copy_unmarked(self):
        self.sync()
        (self.tree / "configure.ac").write_text("")
        with self.assertRaises(UsageError):
            source.run(self.config, "other")
        self.assertFalse(stamp.is_fresh(self.copy, "the key"))

    @unittest.skipUnless(REAL_TREE, "STANDALONE_TEST_TREE names no tree")
    def test_nothing_of_a_release_is_taken_for_litter(self):
        tree = Path(REAL_TREE)
        everything = {path.relative_to(tree).as_posix()
                      for path in tree.rglob("*") if path.is_file()}
        left_out = everything - set(source.files(tree, self.dir))
        # A checkout also has .github.
        self.assertEqual({name for name in left_out
                          if not name.startswith(("Doc/", ".git"))}, set())


if __name__ == "__main__":
    unittest.main()
