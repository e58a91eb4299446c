"""Programs with a Python inside: libpython shared and as an archive."""

import json
import os
import re
import shutil
import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import building, packages, tree
from test.test_standalone_runtime.building import words

ARCHIVES = Path(sysconfig.get_config_var("LIBPL"))

# A program linked with the static library has to set PyConfig.home.  With
# the shared library, Python finds the tree by the library's own path.
EMBED = r"""
#include <Python.h>

int
main(int argc, char **argv)
{
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyStatus_Ok();
    if (argc > 1)
        status = PyConfig_SetBytesString(&config, &config.home, argv[1]);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
    PyRun_SimpleString(
        "import bz2, ctypes, curses, dbm.ndbm, decimal, hashlib, json\n"
        "import lzma, readline, sqlite3, ssl, sys, uuid, zlib, compiled\n"
        "import xml.parsers.expat\n"
        "process = ctypes.CDLL(None)\n"
        "print(json.dumps([sys.prefix, sys.version_info.minor,\n"
        "    compiled.answer(), [name for name in ('SSL_new', 'deflate',\n"
        "    'AES_encrypt', 'sqlite3_open', 'mpd_add', 'ffi_call',\n"
        "    'initscr') if hasattr(process, name)]]))\n");
    return Py_FinalizeEx() < 0 ? 1 : 0;
}
"""

CMAKE = """\
cmake_minimum_required(VERSION 3.18)
project(embed C)
find_package(Python3 REQUIRED COMPONENTS Interpreter Development)
add_executable(embed embed.c)
set_target_properties(embed PROPERTIES ENABLE_EXPORTS ON)
target_link_libraries(embed PRIVATE Python3::Python)
Python3_add_library(compiled MODULE WITH_SOABI compiled.c)
"""


class EmbedTest(unittest.TestCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))
        (self.directory / "embed.c").write_text(EMBED)
        (self.directory / "compiled.c").write_text(packages.EXTENSION)

    def compilers(self):
        """Those that there are, one at least."""
        found = []
        for choose in building.gcc, building.clang:
            try:
                found.append(choose()["CC"])
            except unittest.SkipTest:
                continue
        if not found:
            self.skipTest("neither gcc nor clang")
        return found

    def run_here(self, *argv, **env):
        return tree.run(*argv, cwd=self.directory, env=env)

    def embed(self, flags):
        """A program, and an extension module that it imports."""
        include = f"-I{sysconfig.get_path('include')}"
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        for compiler in self.compilers():
            with self.subTest(compiler):
                self.run_here(compiler, "-shared", "-fPIC", include,
                              "compiled.c", "-o", f"compiled{suffix}")
                self.run_here(compiler, "embed.c", *words(flags), "-o",
                              "embed")
                self.check(self.directory / "embed")

    def check(self, program):
        said = self.run_here(
            program, *([tree.PREFIX] if self.archive else []),
            PYTHONPATH=program.parent,
            LD_LIBRARY_PATH=None if self.archive else tree.PREFIX / "lib")
        self.assertEqual(json.loads(said), [
            str(tree.PREFIX), sys.version_info.minor, 42,
            # Other code must not see the symbols that are linked in.
            []])
        soname = sysconfig.get_config_var("INSTSONAME").encode()
        self.assertEqual(soname in program.read_bytes(), not self.archive)


class WaysTests:
    """Test the tools that tell programs where libpython is."""

    @tree.requires_tool("sh")
    def test_python_config(self):
        self.embed(tree.run(tree.BIN / "python3-config", "--cflags",
                            "--ldflags", *self.options))

    @tree.requires_tool("pkg-config")
    def test_pkg_config(self):
        for name in "python3-embed", f"python-{tree.VERSION}-embed":
            with self.subTest(name):
                self.embed(tree.run(
                    "pkg-config", "--cflags", "--libs", *self.pkg_options,
                    name, env={"PKG_CONFIG_PATH": self.pkg_config_path}))

    @tree.requires_tool("make")
    def test_cmake(self):
        (self.directory / "CMakeLists.txt").write_text(CMAKE)
        cmake, env = shutil.which("cmake"), {}
        if not cmake:
            env["PYTHONPATH"] = building.package("cmake")
            cmake = env["PYTHONPATH"] / "bin" / "cmake"
        for compiler in self.compilers():
            build = self.directory / f"build {Path(compiler).name}"
            with self.subTest(compiler):
                self.run_here(
                    cmake, "-S", ".", "-B", build, "-G", "Unix Makefiles",
                    f"-DCMAKE_C_COMPILER={compiler}",
                    f"-DPython3_EXECUTABLE={tree.PYTHON}",
                    f"-DPython3_USE_STATIC_LIBS={self.archive}", **env)
                self.run_here(cmake, "--build", build, **env)
                self.check(build / "embed")


class SharedTests(WaysTests, EmbedTest):

    archive = False
    options = ("--embed",)
    pkg_options = ()
    pkg_config_path = tree.PREFIX / "lib" / "pkgconfig"


class ArchiveTests(WaysTests, EmbedTest):

    archive = True
    options = ("--static",)
    pkg_options = ("--static",)
    pkg_config_path = ARCHIVES / "pkgconfig"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not list(ARCHIVES.glob("libpython*.a")):
            raise unittest.SkipTest(
                "only the full archive contains the static libpython")


# Which files with an evaluation loop does the process have?
LOADED = """\
import compiled, os
with open("/proc/self/maps") as maps:
    paths = {line.split(maxsplit=5)[5].strip() for line in maps
             if line.count("/")}
print(compiled.answer(), len({
    os.stat(path).st_ino for path in paths
    if os.path.basename(path).startswith(("python", "libpython"))}))
"""


# The note with a build-id, a SHA-1: sizes, type and owner come first.
NOTE = re.compile(
    b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0(.{20})", re.DOTALL)


class OneFileTests(EmbedTest):
    """libpython is a copy of the interpreter."""

    archive = False

    def test_build_id(self):
        library = tree.PREFIX / "lib" / sysconfig.get_config_var("INSTSONAME")
        ids = {NOTE.search(path.read_bytes())[1]
               for path in (library, tree.PYTHON)}
        self.assertEqual(len(ids), 1)

    def test_extension_that_is_linked_with_libpython(self):
        """It uses the interpreter, not a second copy."""
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        library = sysconfig.get_config_var("LDVERSION")
        for compiler in self.compilers():
            with self.subTest(compiler):
                self.run_here(
                    compiler, "-shared", "-fPIC", "-Wl,--no-as-needed",
                    f"-I{sysconfig.get_path('include')}", "compiled.c",
                    "-o", f"compiled{suffix}", f"-L{tree.PREFIX}/lib",
                    f"-lpython{library}", f"-Wl,-rpath,{tree.PREFIX}/lib")
                self.assertEqual(
                    self.run_here(tree.PYTHON, "-c", LOADED,
                                  PYTHONPATH=self.directory), "42 1")


if __name__ == "__main__":
    unittest.main()
