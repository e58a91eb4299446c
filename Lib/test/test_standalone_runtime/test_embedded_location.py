"""Programs that embed Python find the tree that libpython lies in."""

import json
import os
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import locating, tree

# The least that a program can do, and what one does that takes options.
PLAIN = r"""
#include <Python.h>

int
main(int argc, char **argv)
{
    if (argc > 2)
        setenv("PATH", argv[2], 1);
    Py_Initialize();
    int failed = PyRun_SimpleString(argv[1]);
    return Py_FinalizeEx() < 0 || failed;
}
"""
RUN_MAIN = r"""
#include <Python.h>

int
main(int argc, char **argv)
{
    return Py_BytesMain(argc, argv);
}
"""
# A plug-in: libpython comes late, and by dlopen().
PLUG_IN = r"""
#include <dlfcn.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    void *library = dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    ((void (*)(void))dlsym(library, "Py_Initialize"))();
    int failed = ((int (*)(const char *, void *))dlsym(
        library, "PyRun_SimpleStringFlags"))(argv[1], NULL);
    return ((int (*)(void))dlsym(library, "Py_FinalizeEx"))() < 0 || failed;
}
"""
LOCATE = ("import json, math, os, sys, zlib; print(json.dumps([sys.prefix, "
          "sys.exec_prefix, os.path.dirname(os.__file__)]))\n")
NAME = sysconfig.get_config_var("INSTSONAME")


@tree.requires_tool("cc")
class EmbeddedTests(locating.LocationCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def build(self, text, *flags, place=None):
        """A program in *place* that is linked with libpython.

        The linker is given no path of the tree: it may have spaces.
        """
        place = place or self.directory
        source = place / "program.c"
        source.write_text(text)
        (self.directory / "tree").unlink(missing_ok=True)
        (self.directory / "tree").symlink_to(tree.PREFIX)
        tree.run("cc", "-o", place / "program", source,
                 f"-Itree/include/{tree.LIBRARY.name}", *flags, "-ldl",
                 cwd=self.directory)
        return place / "program"

    def linked(self, text):
        return self.build(text, "-Ltree/lib",
                          f"-lpython{sysconfig.get_config_var('LDVERSION')}")

    def check(self, *argv, prefix=tree.PREFIX, **options):
        self.assertEqual(json.loads(tree.run(*argv, **options)), [
            str(prefix), str(prefix),
            str(prefix / tree.LIBRARY.relative_to(tree.PREFIX))])

    def test_linked(self):
        """Through LD_LIBRARY_PATH, with whatever is on PATH."""
        program = self.linked(PLAIN)
        other = self.directory / "other"
        other.mkdir()
        (other / "python3").write_text("#!/bin/sh\n")
        (other / "python3").chmod(0o755)
        env = {"LD_LIBRARY_PATH": tree.PREFIX / "lib"}
        for path in ("/usr/bin:/bin", "", other, tree.BIN):
            self.check(program, LOCATE, path, env=env)
        self.check("./program", LOCATE, cwd=self.directory, env=env)
        self.check(program, LOCATE, cwd=tree.PREFIX,
                   env={"LD_LIBRARY_PATH": "lib"})
        self.check(program, LOCATE, cwd=self.directory,
                   prefix=self.directory / "tree",
                   env={"LD_LIBRARY_PATH": "tree/lib"})

    def test_another_python_on_path(self):
        """Its library is of the same version, and yet not the right one."""
        copied = tree.copy_to(self.directory)
        self.check(self.linked(PLAIN), LOCATE, copied / "bin",
                   env={"LD_LIBRARY_PATH": tree.PREFIX / "lib"})

    def test_rpath(self):
        program = self.build(
            PLAIN, "-Ltree/lib", "-Wl,-rpath,$ORIGIN/tree/lib",
            f"-lpython{sysconfig.get_config_var('LDVERSION')}")
        self.check(program, LOCATE, prefix=self.directory / "tree")

    def test_options(self):
        """A program that is an interpreter, elsewhere."""
        program = self.linked(RUN_MAIN)
        env = {"LD_LIBRARY_PATH": tree.PREFIX / "lib"}
        for options in ((), ("-I", "-S", "-E")):
            self.check(program, *options, "-c", LOCATE, env=env)
        self.check("nowhere", "-c", LOCATE, executable=program, env=env)
        self.assertEqual(
            tree.run(program, "-c", "import sys; print(sys.executable)",
                     env=env), str(program))
        self.assertIn("PYTHONHOME = '/nowhere'", locating.failure(
            program, "-c", "", env={"PYTHONHOME": "/nowhere", **{
                name: str(value) for name, value in env.items()}}))

    def test_plug_in(self):
        program = self.build(PLUG_IN)
        self.check(program, LOCATE, tree.PREFIX / "lib" / NAME)
        self.check(program, LOCATE, f"lib/{NAME}", cwd=tree.PREFIX)

    def test_hard_link(self):
        """Of the library, elsewhere: nothing tells where the tree is."""
        copied = tree.copy_to(self.directory)
        away = self.directory / "away"
        away.mkdir()
        try:
            os.link(copied / "lib" / NAME, away / NAME)
        except OSError as exc:
            self.skipTest(f"no hard links here: {exc}")
        program = self.build(PLUG_IN)
        said = locating.failure(program, LOCATE, away / NAME, env={})
        self.assertIn("<prefix>", said)
        self.check(program, LOCATE, away / NAME, prefix=copied,
                   env={"PYTHONHOME": copied})


if __name__ == "__main__":
    unittest.main()
