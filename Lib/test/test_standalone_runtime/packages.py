"""Packages made on the spot, so that pip needs no index."""

import base64
import hashlib
import zipfile
from pathlib import Path

MODULE = """\
import sys

def main():
    print("greetings from", sys.prefix, *sys.argv[1:])
"""

# Builds its one extension module with what sysconfig says, as setuptools
# and others do, and needs no package for it (PEP 517, backend-path).
BACKEND = '''\
import os, shlex, subprocess, sysconfig, zipfile

def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    value = sysconfig.get_config_var
    suffix = value("EXT_SUFFIX")
    include = "-I" + sysconfig.get_path("include")
    subprocess.check_call([
        *shlex.split(value("CC")), *shlex.split(value("CFLAGS")),
        *shlex.split(value("CCSHARED")), include, "-c", "compiled.c",
        "-o", "compiled.o"])
    subprocess.check_call([
        *shlex.split(value("LDSHARED")), "compiled.o", "-o",
        "compiled" + suffix])
    name = "compiled-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.write("compiled" + suffix)
        info = "compiled-1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\n"
                       "Name: compiled\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\n"
                       "Root-Is-Purelib: false\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
'''

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "compiled"
version = "1.0"
"""

EXTENSION = r"""
#include <Python.h>
#include <math.h>

static PyObject *
answer(PyObject *self, PyObject *args)
{
    return PyLong_FromDouble(sqrt(1764.0));
}

static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "compiled", NULL,
                                    0, methods, slots};

PyMODINIT_FUNC
PyInit_compiled(void)
{
    return PyModuleDef_Init(&module);
}
"""


def write_wheel(directory, **more):
    """A wheel with a module and a console script, both ``greeting``, and
    with *more* files.

    https://packaging.python.org/specifications/binary-distribution-format/
    """
    info = "greeting-1.0.dist-info"
    files = {
        "greeting.py": MODULE,
        f"{info}/METADATA":
            "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                         "Tag: py3-none-any\n",
        f"{info}/entry_points.txt":
            "[console_scripts]\ngreeting = greeting:main\n",
        **more,
    }
    path = Path(directory, "greeting-1.0-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as wheel:
        record = []
        for name, text in files.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(
                hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            record.append(f"{name},sha256={digest},{len(text)}\n")
        wheel.writestr(f"{info}/RECORD",
                       "".join([*record, f"{info}/RECORD,,\n"]))
    return path


def write_source(directory):
    """A source tree with an extension module, ``compiled``."""
    source = Path(directory, "a source")
    source.mkdir()
    (source / "pyproject.toml").write_text(PYPROJECT)
    (source / "backend.py").write_text(BACKEND)
    (source / "compiled.c").write_text(EXTENSION)
    return source
