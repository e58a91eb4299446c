"""The full archive: by its schema, by PyOxidizer, and by linking another
interpreter from it."""

import json
import os
import platform
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

from standalone.archives import full_archive
from standalone.core.layout import TOOLS
from standalone.documents import build_info, python_json
from standalone.formats import elf
from test_standalone_archives.finished import (
    NAME,
    OUT,
    ArchiveTestCase,
    children,
)

ARCHIVE = OUT / f"{NAME}-full.tar.zst"

MODULE = """\
#include "Python.h"

static PyObject *
answer(PyObject *self, PyObject *ignored)
{
    return PyLong_FromLong(42);
}

static PyMethodDef methods[] = {
    {"answer", answer, METH_NOARGS, NULL},
    {NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "added", .m_methods = methods
};

PyMODINIT_FUNC
PyInit_added(void)
{
    return PyModuleDef_Init(&module);
}
"""

# Of modules that are built in, with libraries and without.
TESTS = ("test_bz2", "test_datetime", "test_hashlib", "test_json",
         "test_lzma", "test_math", "test_struct", "test_zlib")
WITHOUT = ("test_sqlite3", "test_ssl")
_FEATURES = ("runpath", "versions", "pie", "relro", "bind_now",
             "exec_stack", "textrel", "shstk", "interp")


def standalone(*arguments):
    return children.run(
        [sys.executable, "-m", "standalone", *map(str, arguments),
         "--out", str(OUT)], capture_output=True, text=True)


class FullArchiveTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.distribution = cls.enterClassContext(full_archive.opened(ARCHIVE))
        cls.document = cls.distribution.document
        cls.info = cls.document["build_info"]
        cls.bin = cls.distribution.path / "install/bin"

    def run_python(self, program, *arguments):
        return children.run(
            [program, "-B", *arguments], env={"HOME": str(self.dir)},
            cwd=self.dir, capture_output=True, text=True)

    def relink(self, *arguments):
        return standalone("relink", self.distribution.path, "-o",
                          self.bin / "relinked", *arguments)

    def test_schema(self):
        schema = json.loads((
            TOOLS / "documents" / "python-json.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(self.document)

    def test_it_comes_first_and_once(self):
        """Readers take it from the stream without unpacking the rest."""
        with ArchiveTestCase.open("full") as tar:
            names = [member.name for member in tar]
        self.assertEqual(names[0], "python/PYTHON.json")
        self.assertEqual(names.count("python/PYTHON.json"), 1)

    def test_libraries_of_the_system(self):
        """Those that PYTHON.json names are the ones that are needed."""
        links = build_info.system_links(self.document)
        self.assertIn("m", links[self.document["python_exe"]])
        self.assertGreater(len(links), 10)
        self.assertEqual([*build_info.differing(
            self.document, self.distribution.path)], [])

    def test_every_object_and_library_is_named(self):
        path = self.distribution.path
        there = {str(file.relative_to(path))
                 for kind in "oa" for file in path.rglob(f"build/**/*.{kind}")}
        self.assertGreater(len(there), 300)
        self.assertEqual(there - {*python_json.named_paths(self.document)},
                         set())

    def test_modules_of_the_interpreter(self):
        done = self.run_python(
            self.distribution.path / self.document["python_exe"], "-c",
            "import sys; print(*sys.builtin_module_names)")
        self.assertEqual({*done.stdout.split()}, {
            name for name, [variant] in self.info["extensions"].items()
            if "shared_lib" not in variant})

    def test_libraries_have_licences(self):
        ours = [name for name, [variant] in self.info["extensions"].items()
                if "license_paths" in variant]
        for name in ("_bz2", "_ctypes", "_curses", "_dbm", "_hashlib",
                     "_lzma", "_sqlite3", "_ssl", "_tkinter", "_uuid",
                     "pyexpat", "readline", "zlib"):
            self.assertIn(name, ours)
        [sqlite] = self.info["extensions"]["_sqlite3"]
        self.assertTrue(sqlite["license_public_domain"])

    def test_run_tests(self):
        path = self.distribution.path
        done = self.run_python(path / self.document["python_exe"],
                               path / self.document["run_tests"],
                               "test_json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Result: SUCCESS", done.stdout)

    @unittest.skipUnless(shutil.which("pyoxidizer"),
                         f"no pyoxidizer for {platform.machine()}")
    def test_pyoxidizer(self):
        older = self.dir / "python-7.tar.zst"
        done = standalone("metadata", ARCHIVE, "--version", "7", "-o", older)
        self.assertEqual(done.returncode, 0, done.stderr)
        for command, said in (
                ("info", f"Version:       {self.document['python_version']}"),
                ("licenses", "Licensing: Public Domain"),
                ("licenses", "Licensing: Valid SPDX: Apache-2.0")):
            done = children.run(
                ["pyoxidizer", f"python-distribution-{command}", older],
                env={"HOME": str(self.dir), "PATH": os.environ["PATH"]},
                capture_output=True, text=True)
            with self.subTest(command):
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(said, done.stdout)

    def test_relink(self):
        (self.dir / "added.c").write_text(MODULE)
        done = self.relink("--without", "_ssl", "--without", "_sqlite3",
                           "--with", self.dir / "added.c")
        self.assertEqual(done.returncode, 0, done.stderr)
        relinked = self.bin / "relinked"
        done = self.run_python(
            relinked, "-c",
            "import added, sys; print(added.answer(), sys.prefix); "
            "print(*sys.builtin_module_names)")
        answer, names = done.stdout.splitlines()
        self.assertEqual(answer, f"42 {self.distribution.path / 'install'}")
        before = {name for name, [variant]
                  in self.info["extensions"].items()
                  if "shared_lib" not in variant}
        self.assertEqual({*names.split()},
                         before - {"_ssl", "_sqlite3"} | {"added"})
        new = elf.read(relinked)
        old = elf.read(self.distribution.path / self.document["python_exe"])
        self.assertEqual(new.exported ^ old.exported, {
            "PyInit__ssl", "PyInit__sqlite3", "PyInit_added"})
        self.assertEqual(sorted(new.needed), sorted(old.needed))
        for feature in _FEATURES:
            self.assertEqual(getattr(new, feature), getattr(old, feature),
                             feature)
        self.assertNotIn(str(self.dir).encode(), relinked.read_bytes())
        done = self.run_python(relinked, "-m", "test", *TESTS, *WITHOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])
        self.assertRegex(
            done.stdout, r"2 tests skipped:\s+" + r"\s+".join(WITHOUT))

    def test_relink_all(self):
        """Nothing else makes the interpreter that there is."""
        done = self.relink()
        self.assertEqual(done.returncode, 0, done.stderr)
        old = self.distribution.path / self.document["python_exe"]
        self.assertEqual(elf.read(self.bin / "relinked").exported,
                         elf.read(old).exported)
        done = self.run_python(self.bin / "relinked", "-m", "test",
                               *TESTS, "test_sqlite3")
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])

    def refused(self, why, *arguments, **changes):
        """With a PYTHON.json that says something else."""
        path = self.distribution.path / "PYTHON.json"
        before = path.read_text()
        path.write_text(python_json.text(self.document | changes))
        try:
            done = self.relink("-o", self.dir / "no", *arguments)
        finally:
            path.write_text(before)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr.splitlines()[0],
                         f"^standalone: error: .*{why}")
        self.assertFalse((self.dir / "no").exists())

    def test_refused(self):
        self.refused("_io is required", "--without", "_io")
        self.refused("no module '_nope'", "--without", "_nope")
        source = self.dir / "misnamed.c"
        source.write_text(MODULE)
        self.refused("does not define PyInit_misnamed", "--with", source)

    def test_refused_distribution(self):
        self.refused("objects are llvm-bitcode:1.2.3, not ELF",
                     build_info=self.info | {
                         "object_file_format": "llvm-bitcode:1.2.3"})
        other = ("aarch64" if platform.machine() == "x86_64" else "x86_64")
        self.refused(f"{other}.* on {platform.machine()}",
                     target_triple=f"{other}-unknown-linux-gnu")
        self.refused("unknown TARGET", target_triple="vax-dec-vms")
        self.refused("lacks .*install/nothing", run_tests="install/nothing")
        self.refused("is not of `make standalone`", build_info={
            name: value for name, value in self.info.items()
            if name != "interpreter"})
