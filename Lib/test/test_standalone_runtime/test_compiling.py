"""Programs and modules in C, with the machine's own compiler."""

import json
import os
import shlex
import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import packages, tree

# PyConfig.home, as the documentation tells programs that embed a Python
# which is not in its configured place.
EMBED = r"""
#include <Python.h>

int
main(int argc, char **argv)
{
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetBytesString(&config, &config.home, argv[1]);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
    PyRun_SimpleString(
        "import ctypes, json, sqlite3, ssl, sys\n"
        "print(json.dumps([sys.prefix, sys.version_info.minor]))\n");
    return Py_FinalizeEx() < 0 ? 1 : 0;
}
"""


@tree.requires_tool("cc")
class CompilerTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))
        # No tool of C has a quoting that all agree on: such programs are
        # given a path without spaces.
        self.prefix = self.directory / "prefix"
        self.prefix.symlink_to(tree.PREFIX)

    def words(self, flags):
        """Flags that were printed, as words for this prefix."""
        # pkg-config puts a backslash before each byte that is not ASCII.
        unquoted = flags.replace("\\", "").encode(
            "utf-8", "surrogateescape").decode()
        return shlex.split(unquoted.replace(str(tree.PREFIX),
                                            str(self.prefix)))

    def embed(self, flags):
        source, program = self.directory / "embed.c", self.directory / "embed"
        source.write_text(EMBED)
        tree.run("cc", "-o", program, source, *flags,
                 f"-Wl,-rpath,{self.prefix}/lib")
        said = tree.run(program, tree.PREFIX)
        self.assertEqual(json.loads(said),
                         [str(tree.PREFIX), sys.version_info.minor])

    def test_embed_with_python_config(self):
        for name in ("python3-config", f"python{tree.VERSION}-config"):
            if not (tree.BIN / name).exists():
                continue
            with self.subTest(name):
                self.embed(self.words(tree.run(
                    tree.BIN / name, "--cflags", "--ldflags", "--embed")))

    @tree.requires_tool("pkg-config")
    def test_embed_with_pkg_config(self):
        for name in ("python3-embed", f"python-{tree.VERSION}-embed"):
            with self.subTest(name):
                self.embed(self.words(tree.run(
                    "pkg-config", "--cflags", "--libs", name, env={
                        "PKG_CONFIG_PATH": tree.PREFIX / "lib/pkgconfig"})))

    def test_extension(self):
        """By hand, with what sysconfig and python3-config tell."""
        (self.directory / "compiled.c").write_text(packages.EXTENSION)
        include = sysconfig.get_path("include")
        value = sysconfig.get_config_var
        for cflags in ([*f"{value('CFLAGS')} {value('CCSHARED')}".split(),
                        f"-I{include}"],
                       ["-fPIC", *self.words(tree.run(
                           tree.BIN / "python3-config", "--cflags"))]):
            with self.subTest(cflags):
                tree.run(*value("CC").split(), *cflags, "-c", "compiled.c",
                         cwd=self.directory)
                tree.run(*value("LDSHARED").split(), "compiled.o", "-o",
                         f"compiled{value('EXT_SUFFIX')}",
                         cwd=self.directory)
                self.assertEqual(
                    tree.run(tree.PYTHON, "-c",
                             "import compiled; print(compiled.answer())",
                             cwd=self.directory), "42")

    def test_limited_api(self):
        (self.directory / "compiled.c").write_text(
            f"#define Py_LIMITED_API 0x03090000\n{packages.EXTENSION}")
        tree.run("cc", "-shared", "-fPIC",
                 f"-I{sysconfig.get_path('include')}", "compiled.c", "-o",
                 "compiled.abi3.so", cwd=self.directory)
        self.assertEqual(
            tree.run(tree.PYTHON, "-c",
                     "import compiled; print(compiled.answer())",
                     cwd=self.directory), "42")

    @tree.requires_tool("c++")
    def test_cplusplus(self):
        source = self.directory / "plus.cpp"
        source.write_text("#include <Python.h>\n"
                          "int main() { return PY_MAJOR_VERSION - 3; }\n")
        tree.run("c++", f"-I{sysconfig.get_path('include')}", source, "-o",
                 self.directory / "plus")
        tree.run(self.directory / "plus")


if __name__ == "__main__":
    unittest.main()
