"""Test what release.relink refuses before it opens an archive."""

import tempfile
import unittest
from pathlib import Path

from standalone.archives.full_archive import Distribution
from standalone.core.errors import UsageError
from standalone.release import relink


def variant(name, **more):
    return [{"init_fn": f"PyInit_{name}", "required": False, "links": [],
             "objs": [f"build/Modules/{name}.o"], "variant": "default"}
            | more]


CRYPTO = {"name": "crypto", "path_static": "build/lib/libcrypto.a"}
SSL = {"name": "ssl", "path_static": "build/lib/libssl.a"}
EXTENSIONS = {
    "_hashlib": variant("_hashlib", links=[CRYPTO]),
    "_io": variant("_io", required=True),
    "_ssl": variant("_ssl", links=[SSL, CRYPTO,
                                   {"name": "dl", "system": True}]),
    "_tkinter": variant("_tkinter", shared_lib="install/_tkinter.so"),
    "sys": variant("sys", init_fn="NULL", objs=[], required=True),
}
DOCUMENT = {
    "target_triple": "x86_64-unknown-linux-gnu",
    "python_paths": {"include": "install/include"},
    "toolchain": {"name": "zig", "compile_flags": ["-O3"],
                  "link_flags": ["-pie"]},
    "build_info": {
        "core": {"objs": ["build/object.o", "build/config.o"],
                 "links": [{"name": "m", "system": True}]},
        "extensions": EXTENSIONS, "inittab_object": "build/config.o",
        "inittab_cflags": ["-DPy_BUILD_CORE"], "object_file_format": "elf",
        "interpreter": {"main_object": "build/python.o",
                        "version_script": "build/exports.map"}}}


class Selected(unittest.TestCase):

    def test_less_and_more(self):
        self.assertEqual(
            relink.selected(EXTENSIONS, {"_ssl"}, ["mod"]), {
                "_hashlib": "PyInit__hashlib", "_io": "PyInit__io",
                "mod": "PyInit_mod", "sys": "NULL"})

    def test_refused(self):
        for without, added, why in (
                ("_io", "", "_io is required"),
                ("sys", "", "sys is required"),
                ("_nope", "", "no module '_nope'"),
                ("_tkinter", "", "_tkinter is not built in"),
                ("_ssl", "_ssl", "cannot both add and leave out _ssl"),
                ("", "_ssl", "already has a module _ssl"),
                ("", "_tkinter", "already has a module _tkinter")):
            with (self.subTest(why),
                  self.assertRaisesRegex(UsageError, why)):
                relink.selected(EXTENSIONS, set(without.split()),
                                added.split())


class Commands(unittest.TestCase):

    def test_table(self):
        text = relink.table({"mod": "PyInit_mod", "sys": "NULL"})
        self.assertIn("extern PyObject *PyInit_mod(void);\n", text)
        self.assertNotIn("*NULL", text)
        self.assertIn('    {"mod", PyInit_mod},\n    {"sys", NULL},\n'
                      "    {0, 0}\n};", text)

    def test_link(self):
        work = relink.Work(Distribution(Path("/python"), DOCUMENT),
                           Path("/scratch"))
        modules = relink.selected(EXTENSIONS, set(), ["mod"])
        [command] = work.link(modules, ["mod"])
        self.assertEqual(command.cwd, Path("/python"))
        self.assertEqual(" ".join(command.argv), (
            "cc -pie -Wl,--version-script=build/exports.map "
            "-o /scratch/python build/python.o build/object.o "
            "build/Modules/_hashlib.o build/Modules/_io.o "
            "build/Modules/_ssl.o /scratch/config.o /scratch/mod.o "
            "-Wl,--start-group build/lib/libcrypto.a build/lib/libssl.a "
            "-Wl,--end-group -lm -ldl"))
        modules = relink.selected(EXTENSIONS, {"_ssl"}, [])
        [command] = work.link(modules, [])
        self.assertFalse({"build/Modules/_ssl.o", "build/lib/libssl.a",
                          "-ldl"} & {*command.argv})

    def test_compile(self):
        work = relink.Work(Distribution(Path("/python"), DOCUMENT),
                           Path("/scratch"))
        [command] = work.compile(Path("/home of/mod.c"))
        self.assertEqual(command.argv, (
            "cc", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-lto",
            "-I/python/build/include", "-I/python/install/include",
            "-ffile-prefix-map=/home of=/usr/src/standalone",
            "-c", "/home of/mod.c", "-o", "mod.o"))


class Sources(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def relink(self, *sources, program="python"):
        relink.relink(relink.Change(
            self.dir / "archive", frozenset(), tuple(
                self.dir / source for source in sources),
            self.dir / program), None)

    def test_refused_before_anything_is_done(self):
        (self.dir / "a").mkdir()
        for name in "mod.c", "a/mod.c", "not-a-name.c", "mod.cpp":
            (self.dir / name).touch()
        for sources, why in (
                (["nothing.c"], "no such file: .*nothing.c"),
                (["a"], "a: its name must be NAME.c"),
                (["not-a-name.c"], "its name must be NAME.c"),
                (["mod.cpp"], "its name must be NAME.c"),
                (["mod.c", "a/mod.c"], "two modules mod")):
            with (self.subTest(sources),
                  self.assertRaisesRegex(UsageError, why)):
                self.relink(*sources)

    def test_nowhere_to_write(self):
        for program, why in (("none/python", "cannot write"),
                             (".", "is a directory"),
                             ("python", "cannot read .*archive")):
            with (self.subTest(program),
                  self.assertRaisesRegex(UsageError, why)):
                self.relink(program=program)
        self.assertEqual([*self.dir.iterdir()], [])


if __name__ == "__main__":
    unittest.main()
