"""Test what relocate.stage changes: modes, sysconfig, scripts, .pc files."""

import csv
import json
import shutil
import unittest
from pathlib import Path

from standalone.core.layout import PREFIX, TOOLS
from standalone.relocate import stage as relocate

from . import children
from .relocating import (
    CONFIG_DIR,
    PKG_CONFIG,
    PYTHON,
    SITE,
    SmallTree,
    digest,
    write,
)


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
        # Values other than strings stay as they are.
        self.assertEqual((self.tree / CONFIG_DIR / "python.o").read_bytes(),
                         before)
        self.assertEqual(self.read(f"{CONFIG_DIR}/libpython3.13.a"),
                         f"{self.work}/x")


class ProgramTest(SmallTree):

    def test_hard_link(self):
        """Only a build with ABI flags has one."""
        programs = self.tree / "bin"
        relocate._program(self.tree, "3.13", "3.13")
        self.assertFalse((programs / "python3.13").is_symlink())
        (programs / "python3.13").rename(programs / "python3.13t")
        (programs / "python3.13").hardlink_to(programs / "python3.13t")
        relocate._program(self.tree, "3.13", "3.13t")
        self.assertEqual((programs / "python3.13").readlink(),
                         Path("python3.13t"))
        self.assertEqual((programs / "python3.13t").read_text(), PYTHON)


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
            "# py-bt\n\n\n"
            + (TOOLS / "relocate" / "gdb_frames.py").read_text()))


if __name__ == "__main__":
    unittest.main()
