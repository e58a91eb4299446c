"""Extension modules for the stable ABI: abi3, and abi3t since 3.15."""

import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import building, tree

FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
HAS_ABI3T = sys.version_info >= (3, 15)

# A function and a type with data of its own.  In abi3t, PyObject is opaque
# and PyModuleDef does not exist: PEP 803, PEP 820.
EXTENSION = r"""
#include <Python.h>

static PyObject *
answer(PyObject *module, PyObject *ignored)
{
    return PyLong_FromLong(42);
}

static PyMethodDef methods[] = {
    {"answer", answer, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

#ifdef Py_TARGET_ABI3T
typedef struct { long count; } CounterData;

static PyObject *
counter_next(PyObject *self, PyObject *ignored)
{
    CounterData *data = PyObject_GetTypeData(self, Py_TYPE(self));
    return data == NULL ? NULL : PyLong_FromLong(++data->count);
}

static PyMethodDef counter_methods[] = {
    {"next", counter_next, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};
static PyType_Slot counter_slots[] = {
    {Py_tp_methods, counter_methods}, {0, NULL}
};
static PyType_Spec counter_spec = {
    .name = "stable.Counter", .basicsize = -(int)sizeof(CounterData),
    .flags = Py_TPFLAGS_DEFAULT, .slots = counter_slots
};

static int
execute(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&counter_spec);
    int result = PyModule_AddObjectRef(module, "Counter", type);
    Py_XDECREF(type);
    return result;
}

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "stable"),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_FUNC(Py_mod_exec, execute),
    PySlot_END
};

PyMODEXPORT_FUNC
PyModExport_stable(void)
{
    return slots;
}
#else
static PyModuleDef_Slot slots[] = {{0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "stable", .m_methods = methods,
    .m_slots = slots
};

PyMODINIT_FUNC
PyInit_stable(void)
{
    return PyModuleDef_Init(&module);
}
#endif
"""


class StableTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(self.enterContext(os_helper.temp_dir()))

    def compile(self, suffix, *options):
        try:
            env = building.gcc()
        except unittest.SkipTest:
            env = building.clang()
        (self.directory / "stable.c").write_text(EXTENSION)
        tree.run(env["CC"], "-shared", "-fPIC", "-Wall", "-Werror", *options,
                 f"-I{sysconfig.get_path('include')}", "stable.c", "-o",
                 f"stable{suffix}", cwd=self.directory)

    def load(self, program, python=tree.PYTHON):
        return tree.run(python, "-W", "error", "-c", program,
                        cwd=self.directory)

    @unittest.skipIf(FREE, "a free-threaded build has no abi3")
    def test_abi3(self):
        """Compiled for 3.9."""
        self.compile(".abi3.so", "-DPy_LIMITED_API=0x03090000")
        self.assertEqual(self.load("import stable; print(stable.answer(), "
                                   "stable.__file__)"),
                         f"42 {self.directory.resolve()}/stable.abi3.so")

    def check_abi3t(self):
        self.assertEqual(self.load(
            "import stable, sys\n"
            "counter = stable.Counter()\n"
            "print(stable.answer(), counter.next(), counter.next(),\n"
            "      sys._is_gil_enabled(), stable.__file__)"),
            f"42 1 2 {not FREE} {self.directory.resolve()}/stable.abi3t.so")

    @unittest.skipUnless(HAS_ABI3T, "this version has no abi3t")
    def test_abi3t(self):
        """The GIL of a free-threaded build stays off."""
        self.compile(".abi3t.so", "-DPy_TARGET_ABI3T=0x030f0000")
        self.check_abi3t()

    @unittest.skipUnless(HAS_ABI3T, "this version has no abi3t")
    def test_both(self):
        """For builds with and without the GIL."""
        self.compile(".abi3t.so", "-DPy_TARGET_ABI3T=0x030f0000",
                     "-DPy_LIMITED_API=0x030f0000")
        self.check_abi3t()

    def test_tags(self):
        """pip installs what this interpreter loads."""
        said = tree.run(tree.PYTHON, "-m", "pip", "debug", "--verbose")
        tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
        self.assertEqual(f"  {tag}-abi3-" in said, not FREE)
        if FREE and HAS_ABI3T:
            self.assertIn(f"  {tag}-abi3t-", said)


if __name__ == "__main__":
    unittest.main()
