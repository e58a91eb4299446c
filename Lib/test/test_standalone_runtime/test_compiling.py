"""Build extension modules with gcc, clang and zig, and with build tools."""

import os
import shutil
import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import building, packages, tree
from test.test_standalone_runtime.building import words

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
CHECK = "import compiled; print(compiled.answer())"

SETUP = """\
from setuptools import Extension, setup
setup(name="compiled", ext_modules=[Extension("compiled", ["compiled.c"])])
"""

PLUS = r"""
#include <Python.h>
#include <string>

static PyObject *
answer(PyObject *self, PyObject *args)
{
    return PyLong_FromSize_t(std::string(42, ' ').size());
}

static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}
};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "compiled", NULL, 0,
                             methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit_compiled(void)
{
    return PyModuleDef_Init(&module);
}
"""


class BuildTest(unittest.TestCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))
        (self.directory / "compiled.c").write_text(packages.EXTENSION)
        (self.directory / "setup.py").write_text(SETUP)

    def run_here(self, *argv, env):
        return tree.run(*argv, cwd=self.directory, env=env)

    def check(self, python=tree.PYTHON):
        self.assertEqual(self.run_here(python, "-c", CHECK, env={}), "42")


class CompilerTests:
    """What must be possible with each."""

    strict = building.STRICT_CLANG

    def setUp(self):
        super().setUp()
        self.env = self.choose()
        self.vars = building.variables(self.env)

    def compile_and_link(self, cflags):
        self.run_here(*words(self.vars["CC"]), *cflags, *self.strict, "-c",
                      "compiled.c", env=self.env)
        self.run_here(*words(self.vars["LDSHARED"]), *self.strict,
                      "compiled.o", "-o", f"compiled{SUFFIX}", env=self.env)
        self.check()

    def test_by_sysconfig(self):
        self.compile_and_link([
            *words(self.vars["CFLAGS"]), *words(self.vars["CCSHARED"]),
            f"-I{sysconfig.get_path('include')}"])

    @tree.requires_tool("sh")
    def test_by_python_config(self):
        self.compile_and_link(["-fPIC", *words(tree.run(
            tree.BIN / "python3-config", "--cflags"))])

    def test_without_optimisation(self):
        """As for debugging.  Not every compiler here can link all of them."""
        self.compile_and_link(
            ["-O0", "-fPIC", f"-I{sysconfig.get_path('include')}"])

    def test_archiver(self):
        self.run_here(*words(self.vars["CC"]), "-fPIC", "-c", "compiled.c",
                      f"-I{sysconfig.get_path('include')}", env=self.env)
        self.run_here(*words(self.vars["AR"]), self.vars["ARFLAGS"],
                      "libcompiled.a", "compiled.o", env=self.env)
        archive = self.directory / "libcompiled.a"
        self.assertEqual(archive.read_bytes()[:8], b"!<arch>\n")

    def test_setuptools(self):
        site = building.package("setuptools")
        paths = [str(site), str(self.env.get("PYTHONPATH", ""))]
        self.run_here(tree.PYTHON, "setup.py", "build_ext", "--inplace",
                      env={**self.env, "PYTHONPATH": os.pathsep.join(paths)})
        self.check()

    @unittest.skipIf("t" in sys.abiflags,
                     "a free-threaded build has no abi3: PEP 803")
    def test_limited_api(self):
        source = self.directory / "compiled.c"
        source.write_text("#define Py_LIMITED_API 0x03090000\n"
                          + source.read_text())
        self.run_here(*words(self.vars["LDSHARED"]), "-fPIC", "-O1",
                      f"-I{sysconfig.get_path('include')}", "compiled.c",
                      "-o", "compiled.abi3.so", env=self.env)
        self.check()


class CPlusPlusTests:

    def test_cplusplus(self):
        if not shutil.which(self.env["CXX"]):
            self.skipTest(f"no {self.env['CXX']}")
        (self.directory / "compiled.cpp").write_text(PLUS)
        self.run_here(*words(self.vars["CXX"]), *words(self.vars["CFLAGS"]),
                      *self.strict, "-fPIC", "-c", "compiled.cpp",
                      f"-I{sysconfig.get_path('include')}", env=self.env)
        self.run_here(*words(self.vars["LDCXXSHARED"]), "compiled.o", "-o",
                      f"compiled{SUFFIX}", env=self.env)
        self.check()


class GccTests(CPlusPlusTests, CompilerTests, BuildTest):

    choose = staticmethod(building.gcc)
    strict = building.STRICT


class ClangTests(CPlusPlusTests, CompilerTests, BuildTest):

    choose = staticmethod(building.clang)


class ZigTests(CompilerTests, BuildTest):

    choose = staticmethod(building.zig)

    def test_chosen(self):
        zig = building.package("ziglang") / "ziglang" / "zig"
        for name in "CC", "CXX", "AR", "LDSHARED", "LDCXXSHARED":
            with self.subTest(name):
                self.assertEqual(words(self.vars[name])[0], str(zig))

    def test_no_code_for_this_machine_alone(self):
        said = self.run_here(*words(self.vars["CC"]), "-###", "-c",
                             "compiled.c", env=self.env)
        self.assertNotIn("native", said)
        self.assertIn('"-target-cpu" "x86-64"' if os.uname().machine
                      == "x86_64" else "-target-cpu", said)

    def test_isolated_build(self):
        """pip takes site-packages off sys.path: zig is found there."""
        venv = self.directory / "a venv"
        tree.run(tree.PYTHON, "-m", "venv", venv)
        [site] = venv.glob("lib/python3*/site-packages")
        (site / "ziglang").symlink_to(
            building.package("ziglang") / "ziglang")
        self.run_here(
            venv / "bin" / "pip", "install", "--no-index", "--no-cache-dir",
            "--disable-pip-version-check",
            packages.write_source(self.directory),
            env={**self.env, "PYTHONPATH": None})
        self.assertEqual(tree.run(venv / "bin" / "python", "-c", CHECK),
                         "42")


class MovedTests(BuildTest):

    @tree.requires_tool("cc")
    def test_moved_again(self):
        """What was built is not tied to where the tree was then."""
        copied = tree.copy_to(self.directory)
        python = copied / "bin" / "python3"
        value = building.variables({}, python)
        self.run_here(*words(value["LDSHARED"]), *words(value["CFLAGS"]),
                      "-fPIC", f"-I{value['INCLUDEPY']}", "compiled.c", "-o",
                      f"compiled{SUFFIX}", env={})
        moved = copied.rename(self.directory / "elsewhere")
        self.check(moved / "bin" / "python3")


class NoCompilerTests(BuildTest):
    """One sentence, whoever asks for a compiler."""

    def setUp(self):
        super().setUp()
        self.env = building.nothing()
        self.vars = building.variables(self.env)

    def refused(self, what="C compiler"):
        return self.assertRaisesRegex(
            AssertionError,
            f"standalone: error: no {what} found: install one of ")

    @tree.requires_tool("sh")
    def test_shell(self):
        for name, what in {"CC": "C compiler", "LDSHARED": "C compiler",
                           "CXX": r"C\+\+ compiler", "AR": "archiver",
                           "LDCXXSHARED": r"C\+\+ compiler"}.items():
            with self.subTest(name), self.refused(what):
                self.run_here("/bin/sh", "-c", f"{self.vars[name]} x.c",
                              env=self.env)

    def test_shlex(self):
        with self.refused():
            self.run_here(*words(self.vars["CC"]), "-c", "compiled.c",
                          env=self.env)

    def test_setuptools(self):
        site = building.package("setuptools")
        with self.refused():
            self.run_here(tree.PYTHON, "setup.py", "build_ext",
                          env={**self.env, "PYTHONPATH": site})

    def test_pip(self):
        source = packages.write_source(self.directory)
        with self.refused():
            self.run_here(
                tree.PYTHON, "-m", "pip", "install", "--no-index",
                "--no-cache-dir", "--disable-pip-version-check",
                "--target", self.directory / "target", source, env=self.env)

    def test_meson(self):
        """Told CC, it names the command, and keeps the rest for its log."""
        site = building.package("meson")
        (self.directory / "meson.build").write_text("project('x', 'c')\n")
        with self.assertRaisesRegex(AssertionError, "runtime.compilers"):
            self.run_here(
                tree.PYTHON, "-m", "mesonbuild.mesonmain", "setup", "build",
                env={**self.env, "PYTHONPATH": site, "CC": self.vars["CC"]})
        log = self.directory / "build" / "meson-logs" / "meson-log.txt"
        self.assertIn("standalone: error: no C compiler found: ",
                      log.read_text(encoding="utf-8"))

    def test_everything_else_works(self):
        self.assertEqual(self.vars["EXT_SUFFIX"], SUFFIX)
        self.run_here(tree.PYTHON, "-m", "sysconfig", env=self.env)


class ChoiceTests(unittest.TestCase):
    """Which one, of those that are there."""

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def choose(self, *names, **env):
        """The first words of CC, CXX and AR with *names* on PATH."""
        path = self.directory / "-".join(("path", *names))
        path.mkdir(exist_ok=True)
        for name in names:
            (path / name).touch(0o755)
        self.vars = building.variables({"PATH": path, **env})
        return [self.vars[name].split()[0] for name in ("CC", "CXX", "AR")]

    def test_order(self):
        programs = (("cc", "gcc", "clang"), ("c++", "g++", "clang++"),
                    ("ar", "gcc-ar", "llvm-ar"))
        for first in range(3):
            names = [name for kind in programs for name in kind[first:]]
            with self.subTest(names):
                self.assertEqual(self.choose(*names),
                                 [kind[first] for kind in programs])
                for name, kind in {
                        "LDSHARED": 0, "BLDSHARED": 0, "LINKCC": 0,
                        "LDCXXSHARED": 1}.items():
                    self.assertTrue(self.vars[name].startswith(
                        f"{programs[kind][first]} -pthread"), name)

    def test_environment_wins(self):
        self.assertEqual(
            self.choose("cc", "c++", "ar", CC="mine -m64", CXX="mine++",
                        AR="/my/ar"), ["mine", "mine++", "/my/ar"])
        self.assertEqual(self.vars["CC"], "mine -m64 -pthread")
        # What setuptools expects, to put another compiler there.
        self.assertEqual(self.vars["LDSHARED"],
                         f"{self.vars['CC']} -shared")

    def test_empty_variable(self):
        self.assertEqual(self.choose("gcc", "g++", "ar", CC="", AR=""),
                         ["gcc", "g++", "ar"])

    def test_not_for_running(self):
        path = self.directory / "path-gcc-g++-ar"
        path.mkdir()
        (path / "cc").touch(0o644)
        (path / "c++").mkdir()
        self.assertEqual(self.choose("gcc", "g++", "ar"),
                         ["gcc", "g++", "ar"])


if __name__ == "__main__":
    unittest.main()
