"""Test documents.build_info: Setup files, the table, licences of libraries."""

import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.core.model import Pin
from standalone.documents import build_info

SAMPLES = Path(__file__).parent / "elf_samples"

CONFIG_C = """\
#include "Python.h"
extern PyObject* PyInit_zlib(void);
struct _inittab _PyImport_Inittab[] = {

    {"zlib", PyInit_zlib},
    /* This module lives in marshal.c */
    {"marshal", PyMarshal_Init},
    {"sys", NULL},

    /* Sentinel */
    {0, 0}
};
"""

SETUP_LOCAL = """\
# comment
NAME=value
*disabled*
nis
*shared*
_testcapi _testcapimodule.c _testcapi/set.c # comment
*static*
zlib zlibmodule.c
_sha2 sha2module.c -I$(srcdir)/Modules/_hacl/include \\
    Modules/_hacl/libHacl.a
"""

SETUP_STDLIB = """\
zlib other.c
nis nismodule.c
_ssl _ssl.c
math mathmodule.c
pyexpat pyexpat.c $(EXPAT_LDFLAGS)
"""

ZLIB = {"name": "z", "path_static": "build/lib/libz.a"}
LIBM = {"name": "m", "system": True}


class SetupFiles(unittest.TestCase):

    def test_extensions(self):
        make = {"MODULE_ZLIB_LDFLAGS": "/build/deps/zlib/lib/libz.a",
                "MODULE_MATH_LDFLAGS": "-lm",
                "MODULE__SSL_LDFLAGS": "-L/build/deps/openssl/lib -lssl -ldl",
                "EXPAT_LDFLAGS": "-lm Modules/expat/libexpat.a",
                "BLDSHARED": "cc -pthread -shared"}
        found = build_info.extensions(build_info.Link(
            make, CONFIG_C, {
                "Setup.local": SETUP_LOCAL, "Setup.stdlib": SETUP_STDLIB,
                "Setup.bootstrap": "posix posixmodule.c"}, "elf", {}),
            {"build/lib/libssl.a"})
        one = build_info.Extension
        self.assertEqual(found, {
            "_sha2": one(("build/Modules/sha2module.o",), (
                {"name": "Hacl",
                 "path_static": "build/Modules/_hacl/libHacl.a"},),
                False, False),
            "_ssl": one(("build/Modules/_ssl.o",), (
                {"name": "ssl", "path_static": "build/lib/libssl.a"},
                {"name": "dl", "system": True}), False, False),
            "_testcapi": one(("build/Modules/_testcapimodule.o",
                              "build/Modules/_testcapi/set.o"),
                             ({"name": "pthread", "system": True},),
                             True, False),
            "math": one(("build/Modules/mathmodule.o",), (LIBM,),
                        False, False),
            "posix": one(("build/Modules/posixmodule.o",), (), False, True),
            "pyexpat": one(("build/Modules/pyexpat.o",), (
                LIBM, {"name": "expat", "path_static":
                       "build/Modules/expat/libexpat.a"}), False, False),
            "zlib": one(("build/Modules/zlibmodule.o",), (ZLIB,),
                        False, False),
        })

    def test_inittab(self):
        self.assertEqual(build_info.inittab(CONFIG_C), {
            "zlib": "PyInit_zlib", "marshal": "PyMarshal_Init",
            "sys": "NULL"})

    def test_objects_that_are_in_nothing(self):
        left = build_info.not_linked({
            "LIBRARY_OBJS": "Objects/object.o",
            "LIBEXPAT_OBJS": "Modules/expat/a.o Modules/expat/b.o",
            "EXPAT_LIBS": "-lm"})
        self.assertIn("Modules/expat/b.o", left)
        self.assertIn("Programs/_*.o", left)
        self.assertNotIn("Objects/object.o", left)


class SystemLinks(unittest.TestCase):
    """What PYTHON.json says, and what real files need."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.root / "install/lib").mkdir(parents=True)
        for name, sample in (("python3", "new_glibc.so"),
                             ("lib/libpython3.13.so.1.0", "new_glibc.so"),
                             ("lib/x.so", "builtin"),
                             ("lib/y.so", "private.so")):
            shutil.copyfile(SAMPLES / sample, self.root / "install" / name)

    def differing(self, core, builtin, x=(), y=("secret",)):
        def part(names, **more):
            return {"links": [ZLIB, *({"name": name, "system": True}
                                      for name in names)], **more}

        return [*build_info.differing({
            "python_exe": "install/python3", "build_info": {
                "core": part(
                    core, shared_lib="install/lib/libpython3.13.so.1.0"),
                "extensions": {
                    "b": [part(builtin)],
                    "x": [part(x, shared_lib="install/lib/x.so")],
                    "y": [part(y, shared_lib="install/lib/y.so")]}}},
            self.root)]

    def test_equal(self):
        """libpython3.13.so.1.0, which x needs, is in the tree."""
        self.assertEqual(self.differing([], []), [])

    def test_said_and_not_needed(self):
        self.assertEqual(self.differing(["m"], ["rt"]), [
            "install/python3: m rt",
            "install/lib/libpython3.13.so.1.0: m rt"])
        self.assertEqual(self.differing([], [], ["dl"]),
                         ["install/lib/x.so: dl"])

    def test_needed_and_not_said(self):
        self.assertEqual(self.differing([], [], y=()),
                         ["install/lib/y.so: secret"])
        shutil.copyfile(SAMPLES / "private.so", self.root / "install/python3")
        self.assertEqual(self.differing([], []),
                         ["install/python3: secret"])


class Licences(unittest.TestCase):

    def variant(self, setup, *pins):
        """The entry of the module _x, whose Setup line that is."""
        libraries = {f"build/lib/lib{pin.name}.a": [pin] for pin in pins}
        libraries["install/lib/libshared.so"] = pins
        contents = {*libraries, "licenses", "licenses/gdbm",
                    "licenses/gdbm/COPYING", "licenses/gdbm/more",
                    "licenses/gdbm/more/NEWS", "licenses/zlib/LICENSE"}
        info = build_info.build_info(
            {"builtin_modules": ["_x"], "python_config_vars":
             {"LIBRARY": "", "INSTSONAME": ""},
             "python_paths": {"platstdlib": "lib"},
             "python_suffixes": {"extension": [".so"]},
             "python_stdlib_platform_config": "config"},
            build_info.Link({"LIBRARY_OBJS": "", "LIBS": "", "SYSLIBS": "",
                            "PY_CORE_CFLAGS": ""}, '{"_x", PyInit__x},',
                           {"Setup.local": setup}, libraries),
            contents)
        return info["extensions"]["_x"][0]

    def test_of_two_libraries(self):
        variant = self.variant(
            "_x _x.c -lgdbm /b/libzlib.a -lm",
            Pin("gdbm", "1", "GPL-3.0-or-later AND (MIT OR X11)", ()),
            Pin("zlib", "1", "Zlib", ()))
        self.assertEqual(variant["licenses"],
                         ["GPL-3.0-or-later", "MIT", "X11", "Zlib"])
        self.assertEqual(variant["license_paths"], [
            "licenses/gdbm/COPYING", "licenses/gdbm/more/NEWS",
            "licenses/zlib/LICENSE"])
        self.assertIs(variant["license_public_domain"], False)

    def test_of_a_shared_library_and_what_is_in_it(self):
        variant = self.variant(
            "_x _x.c /b/libshared.so -Wl,-rpath,\\$ORIGIN/..",
            Pin("gdbm", "1", "X11", ()), Pin("zlib", "1", "Zlib", ()))
        self.assertEqual(variant["links"], [
            {"name": "shared", "path_dynamic": "install/lib/libshared.so"}])
        self.assertIn("install/lib/libshared.so", build_info.named_paths({
            "inittab_object": "", "inittab_source": "",
            "core": {"objs": [], "links": []},
            "extensions": {"_x": [variant]}}))
        self.assertEqual(variant["licenses"], ["X11", "Zlib"])

    def test_public_domain(self):
        variant = self.variant("_x _x.c -lsqlite3",
                               Pin("sqlite3", "3", "blessing", ()))
        self.assertIs(variant["license_public_domain"], True)
        self.assertNotIn("license_paths", variant)

    def test_nothing_but_the_system(self):
        self.assertNotIn("licenses", self.variant("_x _x.c -lm"))


if __name__ == "__main__":
    unittest.main()
