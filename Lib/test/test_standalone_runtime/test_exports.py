"""What extension modules find in the interpreter that loads them."""

import ctypes
import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import SHORT_TIMEOUT, import_helper, os_helper
from test.test_standalone_runtime import building, tree

# A function of each kind of header, the one that begins with neither Py nor
# _Py among them.
EXTENSION = r"""
#include <Python.h>

static PyObject *
longest(PyObject *module, PyObject *ignored)
{
    return PyLong_FromLongLong(PY_TIMEOUT_MAX);
}

static PyMethodDef methods[] = {
    {"longest", longest, METH_NOARGS, NULL},
    {NULL}
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "timeout", .m_methods = methods,
    .m_slots = slots
};

PyMODINIT_FUNC
PyInit_timeout(void)
{
    return PyModuleDef_Init(&module);
}
"""

# The C library's own unwinder, from a function that Python calls through
# libffi: it has to get to main() through each frame between.
FRAMES = """\
import ctypes

libc = ctypes.CDLL(None)
libc.backtrace_symbols.restype = ctypes.POINTER(ctypes.c_char_p)

@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(left, right):
    if not frames:
        places = (ctypes.c_void_p * 200)()
        count = libc.backtrace(places, len(places))
        frames.extend(libc.backtrace_symbols(places, count)[:count])
    return 0

frames = []
libc.qsort((ctypes.c_int * 2)(2, 1), 2, 4, compare)
print(*(frame.decode("utf-8", "surrogateescape") for frame in frames),
      sep="\\n")
"""


class ExportTests(unittest.TestCase):

    def test_timeout(self):
        try:
            env = building.gcc()
        except unittest.SkipTest:
            env = building.clang()
        with os_helper.temp_dir() as name:
            directory = Path(name)
            (directory / "timeout.c").write_text(EXTENSION)
            suffix = sysconfig.get_config_var("EXT_SUFFIX")
            tree.run(env["CC"], "-shared", "-fPIC",
                     f"-I{sysconfig.get_path('include')}", "timeout.c",
                     "-o", f"timeout{suffix}", cwd=directory)
            said = tree.run(tree.PYTHON, "-c",
                            "import timeout; print(timeout.longest())",
                            cwd=directory, env={"PYTHONPATH": directory})
        self.assertGreater(int(said), SHORT_TIMEOUT * 1_000_000)

    def test_stable_abi(self):
        """By CPython's own list of it, and what else its headers have."""
        abi = import_helper.import_module("test.test_stable_abi_ctypes")
        # A macro in 3.12.
        more = ("PY_TIMEOUT_MAX",) if sys.version_info >= (3, 13) else ()
        for name in (*more, *abi.SYMBOL_NAMES):
            with self.subTest(name):
                ctypes.c_char.in_dll(ctypes.pythonapi, name)

    def test_backtrace(self):
        try:
            ctypes.CDLL("libgcc_s.so.1")
        except OSError:
            self.skipTest("backtrace() of glibc needs libgcc_s")
        frames = tree.run(tree.PYTHON, "-c", FRAMES).splitlines()
        named = [frame for frame in frames if "(" in frame]
        for name in "_PyEval_EvalFrameDefault", "Py_BytesMain":
            self.assertTrue(any(f"({name}+" in frame for frame in named),
                            "\n".join(frames))
        self.assertLess(
            max(number for number, frame in enumerate(frames)
                if "_PyEval_EvalFrameDefault" in frame),
            next(number for number, frame in enumerate(frames)
                 if "(Py_BytesMain+" in frame))
        # The C library's function that called main().
        self.assertIn("libc", frames[-2] + frames[-3])


if __name__ == "__main__":
    unittest.main()
