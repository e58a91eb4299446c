"""Test relocate.stage: small trees, as `make install` leaves them."""

import base64
import csv
import hashlib
import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core import stamp
from standalone.core.layout import PREFIX
from standalone.documents import components
from standalone.formats import elf
from standalone.relocate import stage as relocate

from . import children, test_documents_inventory

SAMPLES = Path(__file__).parent / "elf_samples"
CONFIG_DIR = "lib/python3.13/config-3.13-x86_64-linux-gnu"
SITE = "lib/python3.13/site-packages"
DATA = {
    "ABIFLAGS": "", "CFLAGS": "-O3 -Wall", "EXT_SUFFIX": ".cpython-313.so",
    "INCLUDEPY": f"{PREFIX}/include/python3.13",
    "INSTSONAME": "libpython3.13.so.1.0", "LDVERSION": "3.13",
    "LIBC": "", "LIBM": "-lm", "LIBS": "-lpthread -ldl  -lutil",
    "LINKFORSHARED": "-pie", "MULTIARCH": "x86_64-linux-gnu",
    "SIZEOF_LONG": 8, "VERSION": "3.13"}
PKG_CONFIG = f"""\
prefix={PREFIX}
exec_prefix=${{prefix}}
libdir=${{exec_prefix}}/lib
includedir=${{prefix}}/include

Name: Python
Description: Embed Python into an application
Version: 3.13
Libs.private: -lpthread -ldl  -lutil
Libs: -L${{libdir}} -lpython3.13
Cflags: -I${{includedir}}/python3.13
"""
PATCHLEVEL = """\
#define PY_MAJOR_VERSION        3
#define PY_MINOR_VERSION        13
#define PY_MICRO_VERSION        15
#define PY_RELEASE_LEVEL        PY_RELEASE_LEVEL_FINAL
#define PY_RELEASE_SERIAL       0
"""
# An interpreter that runs here: the one that runs the tests.
PYTHON = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


def write(path, text="text\n", mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def digest(text):
    """A hash as RECORD has it."""
    sha256 = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(sha256).decode().rstrip('=')}"


def lay(tree, work):
    """What `make install` and pip leave; *work* is where they ran."""
    write(tree / "bin/python3.13", PYTHON, 0o755)
    (tree / "bin/python3").symlink_to("python3.13")
    write(tree / "bin/python3.13-config", "#!/bin/sh\n", 0o755)
    (tree / "bin/python3-config").symlink_to("python3.13-config")
    write(tree / "bin/pip3", f"#!{PREFIX}/bin/python3.13\nimport sys\n\n"
          "print('ü', sys.argv[1:])\n\n", 0o755)
    (tree / "bin/data").write_bytes(b"\xff\xfe")
    library = tree / "lib/python3.13"
    write(library / "os.py", "# os\n")
    write(library / "__pycache__/os.cpython-313.pyc")
    write(library / "_sysconfigdata__linux_x86_64-linux-gnu.py",
          f"build_time_vars = {DATA | {'BUILD': f'-g -I{work}/x -O2'}!r}\n")
    write(library / "_sysconfig_vars__linux_x86_64-linux-gnu.json",
          json.dumps({"BUILD": f"-g -I{work}/x -O2", "SIZEOF_LONG": 8}))
    write(tree / CONFIG_DIR / "Makefile",
          f"SRC={work}/source\nprefix={PREFIX}\n")
    write(tree / CONFIG_DIR / "python-config.py",
          f"#!{PREFIX}/bin/python3.13\nimport sys\n", 0o755)
    (tree / CONFIG_DIR / "python.o").write_bytes(
        (SAMPLES / "object.o").read_bytes())
    write(tree / "include/python3.13/patchlevel.h", PATCHLEVEL)
    write(tree / "lib/pkgconfig/python-3.13-embed.pc", PKG_CONFIG)
    (tree / "lib/pkgconfig/python3-embed.pc").symlink_to(
        "python-3.13-embed.pc")
    info = tree / SITE / "pip-26.0.dist-info"
    write(tree / SITE / "pip/__init__.py", "")
    write(info / "RECORD",
          "pip-26.0.dist-info/RECORD,,\n"
          f'"pip/__init__.py",{digest("")},0\n'
          "../../../bin/pip3,sha256=stale,17\n")


class SmallTree(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.work, self.tree = self.top / "work", self.top / "tree"
        lay(self.tree, self.work)

    def read(self, name):
        return (self.tree / name).read_text(encoding="utf-8")


class ModesTest(SmallTree):

    def test_modes(self):
        paths = {"x": 0o500, "read": 0o444, "all": 0o666, "group": 0o640,
                 "exec": 0o777}
        for name, mode in paths.items():
            write(self.tree / "modes" / name, mode=mode)
        (self.tree / "modes/dir").mkdir(mode=0o700)
        outside = self.top / "outside"
        write(outside, mode=0o600)
        (self.tree / "modes/link").symlink_to(outside)
        relocate._normalise_modes(self.tree)
        self.assertEqual(
            {path.name: path.lstat().st_mode & 0o777 for path
             in (self.tree / "modes").iterdir() if not path.is_symlink()},
            {"x": 0o755, "read": 0o644, "all": 0o644, "group": 0o644,
             "exec": 0o755, "dir": 0o755})
        self.assertEqual(outside.stat().st_mode & 0o777, 0o600)


class SysconfigTest(SmallTree):

    def test_values(self):
        data = relocate._sysconfig(self.tree, self.work)
        self.assertEqual(data["BUILD"], "-g -O2")
        # For links with its archive; each library once.
        self.assertEqual(data["LIBS"], "-lpthread -ldl -lutil -lrt -lm")
        self.assertEqual(data["LINKFORSHARED"], "-Wl,--export-dynamic")
        self.assertEqual(data["SIZEOF_LONG"], 8)
        self.assertEqual(data["INCLUDEPY"], f"{PREFIX}/include/python3.13")

    def test_module(self):
        data = relocate._sysconfig(self.tree, self.work)
        scope = {}
        exec(self.read("lib/python3.13/"
                       "_sysconfigdata__linux_x86_64-linux-gnu.py"), scope)
        self.assertEqual(scope["build_time_vars"], data)

    def test_json(self):
        """CPython 3.14 has the variables in this form as well."""
        relocate._sysconfig(self.tree, self.work)
        text = self.read("lib/python3.13/"
                         "_sysconfig_vars__linux_x86_64-linux-gnu.json")
        self.assertEqual(json.loads(text),
                         {"BUILD": "-g -O2", "SIZEOF_LONG": 8})
        self.assertTrue(text.startswith('{\n  "'), text)
        self.assertTrue(text.endswith("}\n"))

    def test_config_dir(self):
        before = (self.tree / CONFIG_DIR / "python.o").read_bytes()
        write(self.tree / CONFIG_DIR / "libpython3.13.a", f"{self.work}/x")
        relocate._config_dir(self.tree, self.work)
        self.assertEqual(self.read(f"{CONFIG_DIR}/Makefile"),
                         f"\nprefix={PREFIX}\n")
        self.assertEqual(self.read(f"{CONFIG_DIR}/python-config.py"),
                         "#!/usr/bin/env python3.13\nimport sys\n")
        # What is no text stays as it is.
        self.assertEqual((self.tree / CONFIG_DIR / "python.o").read_bytes(),
                         before)
        self.assertEqual(self.read(f"{CONFIG_DIR}/libpython3.13.a"),
                         f"{self.work}/x")


class ScriptsTest(SmallTree):

    def setUp(self):
        super().setUp()
        self.data = relocate._sysconfig(self.tree, self.work)
        relocate._scripts(self.tree, self.data)

    def run_script(self, name, *argv):
        return children.run(
            [self.tree / "bin" / name, *argv], capture_output=True,
            text=True, check=True, encoding="utf-8").stdout

    def test_python(self):
        self.assertEqual((self.tree / "bin/python").readlink(),
                         Path("python3.13"))
        self.assertEqual(self.read("bin/python3.13"), PYTHON)

    def test_script(self):
        self.assertEqual(self.run_script("pip3", "one", "two words"),
                         "ü ['one', 'two words']\n")
        self.assertNotIn(PREFIX, self.read("bin/pip3"))
        self.assertTrue(self.read("bin/pip3").endswith("sys.argv[1:])\n"))

    def test_script_moved(self):
        self.tree = self.tree.rename(self.top / "moved there")
        self.assertEqual(self.run_script("pip3"), "ü []\n")

    def test_others(self):
        self.assertEqual((self.tree / "bin/data").read_bytes(), b"\xff\xfe")
        self.assertEqual((self.tree / "bin/python3-config").readlink(),
                         Path("python3.13-config"))

    def test_python_config(self):
        tree = self.tree.resolve()
        for options, wanted in {
                "--prefix": f"{tree}",
                "--includes": f"-I{tree}/include/python3.13",
                "--cflags": f"-I{tree}/include/python3.13 -O3 -Wall",
                "--libs": self.data["LIBS"],
                "--embed --libs": f"-lpython3.13 {self.data['LIBS']}",
                "--extension-suffix": ".cpython-313.so",
                "--abiflags": "",
                "--configdir": f"{tree}/{CONFIG_DIR}"}.items():
            for name in "python3-config", "python3.13-config":
                self.assertEqual(
                    self.run_script(name, *options.split()), f"{wanted}\n",
                    options)

    def test_record(self):
        rows = list(csv.reader(self.read(
            f"{SITE}/pip-26.0.dist-info/RECORD").splitlines()))
        script = self.read("bin/pip3")
        self.assertEqual(rows, [
            ["../../../bin/pip3", digest(script),
             str(len(script.encode()))],
            ["pip-26.0.dist-info/RECORD", "", ""],
            ["pip/__init__.py", digest(""), "0"]])

    def test_record_is_for_every_system(self):
        raw = (self.tree / SITE / "pip-26.0.dist-info/RECORD").read_bytes()
        self.assertNotIn(b"\r", raw)
        self.assertTrue(raw.endswith(b"\n"))


class PkgConfigTest(SmallTree):

    def setUp(self):
        super().setUp()
        self.data = relocate._sysconfig(self.tree, self.work)
        # Paths of the build below the prefix, as later versions have them.
        path = self.tree / "lib/pkgconfig/python-3.13.pc"
        write(path, PKG_CONFIG.replace(
            "exec_prefix=${prefix}", f"exec_prefix={PREFIX}").replace(
            "${prefix}/include", f"{PREFIX}/include"))
        relocate._pkg_config(self.tree, self.data)
        relocate._pkg_config_archive(self.tree, self.data)

    def fields(self, name):
        """The variables and keywords of a file."""
        lines = self.read(name).splitlines()
        return {key: value.strip() for line in lines if line
                for key, _, value in [line.replace(":", "=", 1).partition(
                    "=")]}

    def test_prefixes(self):
        found = self.fields("lib/pkgconfig/python-3.13-embed.pc")
        self.assertEqual(found["prefix"], "${pcfiledir}/../..")
        self.assertEqual(found["exec_prefix"], "${prefix}")
        self.assertEqual(found["Libs"], "-L${libdir} -lpython3.13")
        self.assertEqual(found["Libs.private"], self.data["LIBS"])
        other = self.fields("lib/pkgconfig/python-3.13.pc")
        self.assertEqual(other["exec_prefix"], "${pcfiledir}/../..")
        self.assertEqual(other["includedir"], "${prefix}/include")

    def test_links_stay(self):
        for directory in ("lib/pkgconfig", f"{CONFIG_DIR}/pkgconfig"):
            self.assertEqual(
                (self.tree / directory / "python3-embed.pc").readlink(),
                Path("python-3.13-embed.pc"))

    def test_archive(self):
        found = self.fields(f"{CONFIG_DIR}/pkgconfig/python-3.13-embed.pc")
        prefix = found["prefix"].removeprefix("${pcfiledir}/")
        self.assertTrue((self.tree / CONFIG_DIR / "pkgconfig" / prefix)
                        .samefile(self.tree))
        self.assertEqual(found["Libs"], "-L${pcfiledir}/.. "
                         "-Wl,--export-dynamic -lpython3.13")
        # The shared library's own stay as they were.
        self.assertNotIn("export-dynamic", self.read(
            "lib/pkgconfig/python-3.13-embed.pc"))

    @unittest.skipUnless(shutil.which("pkg-config"), "no pkg-config")
    def test_as_pkg_config_reads_it(self):
        for directory, library in {
                "lib/pkgconfig": "lib",
                f"{CONFIG_DIR}/pkgconfig": CONFIG_DIR}.items():
            said = children.run(
                ["pkg-config", "--static", "--cflags", "--libs",
                 "python3-embed"], text=True, check=True,
                capture_output=True,
                env={"PKG_CONFIG_LIBDIR": str(self.tree / directory)}).stdout
            places = {word[:2]: Path(word[2:]).resolve()
                      for word in said.split() if word[:2] in ("-I", "-L")}
            tree = self.tree.resolve()
            self.assertEqual(places, {"-L": tree / library,
                                      "-I": tree / "include/python3.13"})
            self.assertIn("-lm", said.split())


class GdbTest(SmallTree):

    def test_names(self):
        stripped, debug = self.top / "stripped", self.top / "debug"
        source = self.top / "source"
        write(source / "Tools/gdb/libpython.py", "# py-bt\n")
        for name in ("bin/python3.13", "lib/libpython3.13.so.1.0",
                     "lib/libpython3.so", "bin/pip3"):
            write(stripped / name)
            (debug / name).parent.mkdir(parents=True, exist_ok=True)
        relocate._gdb(stripped, debug, source)
        made = {str(path.relative_to(debug)): path.read_text()
                for path in debug.rglob("*") if path.is_file()}
        self.assertEqual(made, dict.fromkeys((
            "bin/python3.13-gdb.py", "lib/libpython3.13.so.1.0-gdb.py"),
            "# py-bt\n"))


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
        shutil.copyfile(SAMPLES / "split.so",
                        self.installed / "lib/libpython3.13.so.1.0")
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
            whole = tree / "lib/libpython3.13.so.1.0"
            stripped = self.out / "stripped" / whole.relative_to(tree)
            self.assertTrue(elf.read(whole) and elf.read(stripped))
            self.assertLess(stripped.stat().st_size, whole.stat().st_size)
            self.assertTrue([*(self.out / "debug").rglob("*.debug")])
            self.assertTrue((self.out / "debug/lib/"
                             "libpython3.13.so.1.0-gdb.py").exists())
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
