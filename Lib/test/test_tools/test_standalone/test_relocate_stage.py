"""Test relocate.stage on a small installed tree."""

import json
import os
import shutil
import sys
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core import stamp
from standalone.core.layout import PREFIX
from standalone.documents import components
from standalone.formats import elf
from standalone.relocate import stage as relocate

from . import children, test_documents_inventory
from .relocating import CONFIG_DIR, SAMPLES, lay, write


@unittest.skipUnless(shutil.which("ar"), "no ar")
class RunTest(test_documents_inventory.Inventoried):
    """The whole stage, with an interpreter and an ar of this machine."""

    def setUp(self):
        super().setUp()
        layout = self.layout = self.config.layout
        self.installed = layout.stage("install") / PREFIX.lstrip("/")
        shutil.copytree(self.tree, self.installed)
        for name in ("python3.13", "other"):     # without a build-id
            (self.installed / "bin" / name).unlink()
        lay(self.installed, layout.work)
        shutil.copyfile(self.installed / "bin/python3.13",
                        self.installed / "lib/libpython3.13.so.1.0")
        shutil.copyfile(SAMPLES / "split.so",
                        self.installed / "lib/libpython3.so")
        self.archive(self.installed / CONFIG_DIR / "libpython3.13.a")
        self.archive(layout.stage("build") / "Modules/x/libown.a", "own.o")
        for name, recipe in recipes.load().items():
            for file in recipe.archives:
                self.archive(layout.dep(name) / "lib" / file)
            # Shared ones, where recipes have any.
            for file in getattr(recipe, "libraries", ()):
                write(layout.dep(name) / "lib" / file)
            for source in recipe.data:
                write(layout.dep(name) / source / name, f"{name}'s data\n")
                (layout.dep(name) / source / "alias").symlink_to(name)
        self.archive(layout.dep("zlib") / "lib/libz.a", "inflate.o")
        for name in ("Lib/test/test_x.py", "Lib/idlelib/idle_test/t.py",
                     "Lib/test/__pycache__/x.pyc", "Tools/gdb/libpython.py"):
            write(self.source / name)
        self.addCleanup(os.umask, os.umask(0o077))
        relocate.run(self.config, "a key")
        self.out = layout.stage("tree")

    def archive(self, path, member="main.o"):
        """An archive with one object, as `ar` makes it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        name = path.with_name(member)
        shutil.copyfile(SAMPLES / "object.o", name)
        children.run(["ar", "crs", path, name], check=True)
        name.unlink()

    def test_output(self):
        """All checks in one test: the stage takes seconds to run."""
        tree = self.out / "install"
        self.assertTrue(stamp.is_fresh(self.out, "a key"))
        with self.subTest("texts"):
            self.assertNotIn(str(self.layout.work), (
                tree / CONFIG_DIR / "Makefile").read_text())
            self.assertEqual((tree / "bin/python").readlink(),
                             Path("python3.13"))
            self.assertIn("pcfiledir", (
                tree / "lib/pkgconfig/python3-embed.pc").read_text())
            self.assertIn("/..", (
                tree / CONFIG_DIR / "pkgconfig/python3-embed.pc"
                ).read_text())
            details = json.loads((
                tree / "lib/python3.13/build-details.json").read_text())
            self.assertEqual(details["base_interpreter"], "bin/python3.13")
        with self.subTest("library"):
            self.assertEqual(
                (tree / "lib/libpython3.13.so.1.0").readlink(),
                Path("../bin/python3.13"))
        with self.subTest("archive"):
            members = children.run(
                ["ar", "t", tree / CONFIG_DIR / "libpython3.13.a"],
                check=True, capture_output=True, text=True).stdout.split()
            self.assertLessEqual({"main.o", "own.o", "inflate.o"},
                                 set(members))
        with self.subTest("data"):
            for name, recipe in self.config.recipes.items():
                for place in recipe.data.values():
                    self.assertEqual((tree / place / name).read_text(),
                                     f"{name}'s data\n")
                    self.assertTrue((tree / place / "alias").is_symlink())
        with self.subTest("tests"):
            library = tree / "lib/python3.13"
            self.assertTrue((library / "test/test_x.py").exists())
            self.assertTrue((library / "idlelib/idle_test/t.py").exists())
            self.assertFalse((library / "test/__pycache__").exists())
        with self.subTest("bytecode"):
            # Of the library, and what was installed with it is gone.
            made = {path.name.partition(".")[0]
                    for path in tree.rglob("*.pyc")}
            self.assertIn("os", made)
            self.assertIn("_sysconfigdata__linux_x86_64-linux-gnu", made)
            self.assertLessEqual(
                made, {path.stem for path in library.glob("*.py")})
            self.assertFalse((library / "__pycache__/os.cpython-313.pyc")
                             .exists() and sys.version_info[:2] != (3, 13))
            pyc = next(library.glob("__pycache__/os.*.pyc")).read_bytes()
            self.assertIn(f"{PREFIX}/lib/python3.13/os.py".encode(), pyc)
        with self.subTest("components"):
            found = components.load(self.out / components.FILE)
            self.assertIn("zlib", {item.name for item in found})
            self.assertTrue((self.out / "licenses/zlib/COPYING").exists())
        with self.subTest("modes"):
            self.assertEqual({path.stat().st_mode & 0o777
                              for path in tree.rglob("*")
                              if not path.is_symlink()}, {0o644, 0o755})
        with self.subTest("debug information"):
            whole = tree / "lib/libpython3.so"
            stripped = self.out / "stripped" / whole.relative_to(tree)
            self.assertTrue(elf.read(whole) and elf.read(stripped))
            self.assertLess(stripped.stat().st_size, whole.stat().st_size)
            self.assertTrue([*(self.out / "debug").rglob("*.debug")])
        with self.subTest("log"):
            log = (self.layout.logs / "relocate.log").read_text()
            self.assertIn(f"SOURCE_DATE_EPOCH={self.config.epoch} ", log)
            self.assertIn(f"PATH={self.layout.toolchain}/bin:", log)
        with self.subTest("what was installed is as before"):
            self.assertFalse((self.installed / "bin/python").exists())
            self.assertTrue((self.installed / "lib/python3.13/__pycache__/"
                             "os.cpython-313.pyc").exists())


if __name__ == "__main__":
    unittest.main()
