"""Test a build with OPTIONS=freethreaded: the GIL is off, and stays off."""

import json
import os
import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree

FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
TAG = f"{sys.version_info.major}.{sys.version_info.minor}t"

# The test modules of CPython may need the GIL.
IMPORT = """\
import sys
for name in [*sys.builtin_module_names, "ssl", "sqlite3", "ctypes", "curses",
             "dbm.ndbm", "decimal", "lzma", "readline", "zoneinfo"]:
    __import__(name)
    assert not sys._is_gil_enabled(), name
print("off")
"""
EXTENSION = """\
#include <Python.h>
static PyModuleDef_Slot slots[] = {
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL}
};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "sample", .m_slots = slots
};
PyMODINIT_FUNC PyInit_sample(void) { return PyModuleDef_Init(&module); }
"""
# The same work, in one thread and in two.  Each has objects of its own.
SCALE = """\
import threading, time

def work(rounds=400_000):
    table, text = {}, "x"
    for number in range(rounds):
        table[number % 97] = (number, text)
        text = str(len(table))

def seconds(count):
    threads = [threading.Thread(target=work) for _ in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started

work(1000)
print(min(seconds(2) / seconds(1) for _ in range(5)))
"""


class DefaultTests(unittest.TestCase):

    @unittest.skipIf(sys.version_info < (3, 13), "there is no other build")
    def test_default(self):
        self.assertEqual(tree.run(
            tree.PYTHON, "-I", "-c",
            "import sys; print(sys._is_gil_enabled())"), str(not FREE))


@unittest.skipUnless(FREE, "not a free-threaded build")
class FreeThreadingTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(self.enterContext(os_helper.temp_dir()))

    def test_off(self):
        self.assertEqual(tree.run(tree.PYTHON, "-I", "-c", IMPORT), "off")

    def test_on(self):
        for argv, env in ((["-X", "gil=1"], {}), ([], {"PYTHON_GIL": "1"})):
            self.assertEqual(tree.run(
                tree.PYTHON, *argv, "-c",
                "import sys; print(sys._is_gil_enabled())", env=env), "True")

    def test_names(self):
        self.assertEqual(tree.PYTHON.name, f"python{TAG}")
        for path in (f"bin/python{TAG}", f"lib/python{TAG}/os.py",
                     f"include/python{TAG}/Python.h",
                     f"lib/libpython{TAG}.so"):
            self.assertTrue((tree.PREFIX / path).exists(), path)
        details = json.loads((
            tree.PREFIX / f"lib/python{TAG}/build-details.json").read_text())
        self.assertEqual(details["abi"]["flags"][0], "t")
        self.assertEqual(details["base_interpreter"], f"bin/python{TAG}")
        tag = f"cp{TAG.replace('.', '')}"
        self.assertIn(f"{tag[:-1]}-{tag}-", tree.run(
            tree.PYTHON, "-m", "pip", "debug", "--verbose"))

    @tree.requires_tool("gcc")
    def test_extension(self):
        source = self.directory / "sample.c"
        source.write_text(EXTENSION)
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        self.assertRegex(suffix, rf"\.cpython-{TAG.replace('.', '')}-.*\.so")
        tree.run("gcc", "-shared", "-fPIC",
                 f"-I{sysconfig.get_config_var('INCLUDEPY')}", source,
                 "-o", self.directory / f"sample{suffix}")
        self.assertEqual(tree.run(
            tree.PYTHON, "-c", "import sample, sys; "
            "print(sys._is_gil_enabled())", cwd=self.directory), "False")

    def test_scale(self):
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("one processor")
        # 1 with two idle processors, 2 with the GIL.  Other processes can
        # keep the processors busy, but hardly each time.
        ratios = []
        while not ratios or (ratios[-1] >= 1.6 and len(ratios) < 5):
            ratios.append(float(tree.run(tree.PYTHON, "-c", SCALE)))
        self.assertLess(ratios[-1], 1.6, ratios)


if __name__ == "__main__":
    unittest.main()
