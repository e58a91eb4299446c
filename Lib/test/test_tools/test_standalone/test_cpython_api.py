"""The names of CPython's API, out of headers and of stable_abi.toml."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.cpython import api

REAL_TREE = os.environ.get("STANDALONE_TEST_TREE")

HEADER = """\
#define PyAPI_FUNC(RTYPE) __attribute__ ((visibility ("default"))) RTYPE
/* PyAPI_FUNC(int) Py_InAComment(void); */
PyAPI_FUNC(int) Py_Plain(void);
  PyAPI_FUNC(void) _Py_NO_RETURN Py_Leaves(int);
PyAPI_FUNC(const char *)
    _Py_NextLine(PyObject *(*function)(void), int);
PyAPI_FUNC(PyObject *(*)(int)) Py_ReturnsAFunction(void);
PyAPI_FUNC(void *) __attribute__((alloc_size(1), malloc)) PyMem_Get(size_t);
PyAPI_DATA(int) (*PyOS_Hook)(void);
PyAPI_DATA(char) *(*PyOS_Reader)(FILE *, const char *);
PyAPI_DATA(const PyTypeObject *) const PyUnstable_Kinds[2+1];
PyAPI_DATA(const long long) PY_TIMEOUT;
Py_DEPRECATED(3.13) PyAPI_DATA(int) Py_Flag;
extern int _Py_NotExported(void);
static inline int Py_Inline(void) { return Py_Plain(); }
"""
NAMES = {"Py_Plain", "Py_Leaves", "_Py_NextLine", "Py_ReturnsAFunction",
         "PyMem_Get", "PyOS_Hook", "PyOS_Reader", "PyUnstable_Kinds",
         "PY_TIMEOUT", "Py_Flag"}

CONDITIONAL = """\
#define HAVE_FORK 1
#include "exports.h"
PyAPI_DATA(const long long) PY_TIMEOUT;
PyAPI_FUNC(PyObject *) Py_Here(void);
#ifdef _WIN32
PyAPI_FUNC(int) thread_create(void);
#endif
"""
EXPORTS = """\
#ifndef PyAPI_FUNC
#define PyAPI_FUNC(RTYPE) __attribute__ ((visibility ("default"))) RTYPE
#endif
#ifndef PyAPI_DATA
#define PyAPI_DATA(RTYPE) extern RTYPE
#endif
"""
MANIFEST = """\
[feature_macro.HAVE_FORK]
[feature_macro.MS_WINDOWS]
[struct.PyObject]
[const.Py_CONST]
[macro.Py_MACRO]
[function.Py_Here]
[function.PyOS_Fork]
    ifdef = 'HAVE_FORK'
[function.PyErr_Windows]
    ifdef = 'MS_WINDOWS'
[data.Py_Data]
    abi_only = true
"""


class TextTest(unittest.TestCase):

    maxDiff = None

    def test_declared(self):
        self.assertEqual(api.declared(HEADER), NAMES)

    def test_declared_in(self):
        with tempfile.TemporaryDirectory() as name:
            include = Path(name)
            (include / "internal").mkdir()
            (include / "internal/pycore.h").write_text(HEADER)
            (include / "a.h").write_text("PyAPI_FUNC(int) Py_A(void);")
            (include / "a.c").write_text("PyAPI_FUNC(int) Py_B(void);")
            self.assertEqual(api.declared_in(include), NAMES | {"Py_A"})

    def test_version_script(self):
        text = api.version_script({"Py_A", "_Py_B", "b", "PY_A"})
        self.assertIn("  global: Py*; _Py*; [P]Y_A; [b];\n  local: *;\n", text)

    def test_stable(self):
        with tempfile.TemporaryDirectory() as name:
            manifest = Path(name, "stable_abi.toml")
            manifest.write_text(MANIFEST)
            self.assertEqual(
                api.stable(manifest, frozenset({"HAVE_FORK", "__x86__"})),
                {"Py_Here", "PyOS_Fork", "Py_Data"})
            self.assertEqual(api.stable(manifest, frozenset()),
                             {"Py_Here", "Py_Data"})


@unittest.skipUnless(shutil.which("cc"), "needs cc")
class CompilerTest(unittest.TestCase):

    def setUp(self):
        self.include = Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        (self.include / "Python.h").write_text(CONDITIONAL)
        (self.include / "exports.h").write_text(EXPORTS)
        self.compiler = Path(shutil.which("cc"))

    def test_what_this_platform_has(self):
        self.assertEqual(
            api.declared_here(self.compiler, [self.include]),
            {"PY_TIMEOUT", "Py_Here"})

    def test_macros(self):
        macros = api.macros_here(self.compiler, [self.include])
        self.assertIn("HAVE_FORK", macros)
        self.assertNotIn("MS_WINDOWS", macros)


@unittest.skipUnless(REAL_TREE, "STANDALONE_TEST_TREE names no CPython tree")
class RealTreeTest(unittest.TestCase):

    def test_every_declaration_is_seen(self):
        for path in Path(REAL_TREE, "Include").rglob("*.h"):
            text = path.read_text(encoding="utf-8")
            code = api._IGNORED.sub(" ", text)
            self.assertEqual(
                len(api._DECLARED.findall(code)),
                code.count("PyAPI_FUNC") + code.count("PyAPI_DATA"), path)
            for name in api.declared(text):
                self.assertRegex(name, r"\A(_?Py|PY_|pthread_)", path)

    def test_stable_abi(self):
        names = api.stable(Path(REAL_TREE, "Misc/stable_abi.toml"),
                           frozenset({"HAVE_FORK"}))
        self.assertLessEqual({"PyOS_AfterFork_Child", "PyType_Type",
                              "_Py_NoneStruct"}, names)
        self.assertFalse({"PyErr_SetFromWindowsErr",
                          "PyOS_CheckStack"} & names)


if __name__ == "__main__":
    unittest.main()
