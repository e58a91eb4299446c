"""Programs that embed Python find the tree that contains libpython."""

import json
import os
import shutil
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
# Its second argument names what is configured, the third is the value.
CONFIGURED = r"""
#include <Python.h>
#include <string.h>

int
main(int argc, char **argv)
{
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.parse_argv = 0;
    PyStatus status = PyStatus_Ok();
    if (strcmp(argv[2], "program_name") == 0)
        status = PyConfig_SetBytesString(&config, &config.program_name,
                                         argv[3]);
    else if (strcmp(argv[2], "executable") == 0)
        status = PyConfig_SetBytesString(&config, &config.executable,
                                         argv[3]);
    else
        status = PyConfig_SetBytesArgv(&config, 1, &argv[3]);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
    int failed = PyRun_SimpleString(argv[1]);
    return Py_FinalizeEx() < 0 || failed;
}
"""
AGAIN = r"""
#include <Python.h>

int
main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 0; i < 2; i++) {
        Py_Initialize();
        failed |= PyRun_SimpleString(argv[1]);
        failed |= Py_FinalizeEx() < 0;
    }
    return failed;
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
# What sys.executable is good for: its own library, and multiprocessing.
SPAWN = """\
import json, multiprocessing, subprocess, sys
child = multiprocessing.get_context("spawn").Process(
    target=json.dumps, args=(1,))
child.start()
child.join(30)
said = subprocess.check_output(
    [sys.executable, "-c", "import sys; print(sys.base_prefix)"], text=True)
print(json.dumps([sys.executable, sys._base_executable, child.exitcode,
                  said.strip() == sys.base_prefix]))
"""
LOCATE = ("import json, math, os, sys, zlib; print(json.dumps([sys.prefix, "
          "sys.exec_prefix, os.path.dirname(os.__file__)]))\n")
NAME = sysconfig.get_config_var("INSTSONAME")
BIN_PYTHON = tree.BIN / f"python{tree.VERSION}"


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

    def executable(self, *argv, **options):
        """What is said of sys.executable, after it was tried."""
        path, base, exitcode, same = json.loads(tree.run(*argv, **options))
        self.assertEqual((exitcode, same), (0, True))
        self.assertEqual(base, path)
        return path

    def test_executable(self):
        """That of libpython's tree, whatever is on PATH."""
        program = self.linked(PLAIN)
        copied = tree.copy_to(self.directory)
        for path in (copied / "bin", os.defpath, "", "/nowhere", tree.BIN):
            with self.subTest(path):
                self.assertEqual(
                    self.executable(program, SPAWN, path, env={
                        "LD_LIBRARY_PATH": tree.PREFIX / "lib"}),
                    str(BIN_PYTHON))
        self.assertEqual(
            self.executable(program, SPAWN, "/nowhere", cwd=self.directory,
                            env={"LD_LIBRARY_PATH": "tree/lib"}),
            str(self.directory / "tree/bin" / BIN_PYTHON.name))
        plug_in = self.build(PLUG_IN)
        self.assertEqual(
            self.executable(plug_in, SPAWN, tree.PREFIX / "lib" / NAME),
            str(BIN_PYTHON))

    def test_executable_with_home(self):
        self.assertEqual(
            self.executable(self.linked(PLAIN), SPAWN, "/nowhere", env={
                "LD_LIBRARY_PATH": tree.PREFIX / "lib",
                "PYTHONHOME": tree.PREFIX}), str(BIN_PYTHON))

    def test_executable_is_not_there(self):
        """CPython guesses then, as it always does."""
        copied = tree.copy_to(self.directory)
        library = copied / "lib" / NAME
        library.resolve().replace(library)
        for path in (copied / "bin").iterdir():
            path.unlink()
        said = tree.run(
            self.linked(PLAIN), "import sys; print(repr(sys.executable), "
            "sys.prefix)", "/nowhere",
            env={"LD_LIBRARY_PATH": copied / "lib"})
        self.assertEqual(said, f"'' {copied}")

    def test_configured(self):
        """What a program says of itself is not doubted; what it passes on
        as argv[0] counts if that is the program."""
        program = self.linked(CONFIGURED)
        env = {"LD_LIBRARY_PATH": tree.PREFIX / "lib", "PATH": os.defpath}

        def executable(field, value):
            said = tree.run(program, "import sys; print(sys.executable, "
                            "sys.prefix, sep='\\n')", field, value, env=env)
            path, _, prefix = said.partition("\n")
            self.assertEqual(prefix, str(tree.PREFIX))
            return path

        other = self.directory / "other"
        other.write_text("#!/bin/sh\n")
        other.chmod(0o755)
        self.assertEqual(executable("program_name", other), str(other))
        self.assertEqual(executable("program_name", "sh"),
                         shutil.which("sh", path=os.defpath))
        self.assertEqual(executable("executable", "/nowhere"), "/nowhere")
        self.assertEqual(executable("argv[0]", program), str(program))
        for argv0 in ("python3", "", "script.py", "sh", other):
            with self.subTest(argv0):
                self.assertEqual(executable("argv[0]", argv0),
                                 str(BIN_PYTHON))

    def test_again(self):
        """After Py_FinalizeEx()."""
        said = tree.run(
            self.linked(AGAIN), "import sys; print(sys.executable)",
            env={"LD_LIBRARY_PATH": tree.PREFIX / "lib"})
        self.assertEqual(said.splitlines(), 2 * [str(BIN_PYTHON)])

    def test_environment(self):
        """A program in a venv, by its own name or as it says."""
        env = self.directory / "env"
        tree.run(tree.PYTHON, "-m", "venv", "--without-pip", env)
        inside = self.build(RUN_MAIN, "-Ltree/lib",
                            f"-lpython{sysconfig.get_config_var('LDVERSION')}",
                            place=env / "bin")
        configured = self.linked(CONFIGURED)
        shared = {"LD_LIBRARY_PATH": tree.PREFIX / "lib"}
        for argv in ((inside, "-c"), (configured,)):
            options = ("executable", env / "bin/python")
            said = tree.run(*argv, "import sys; print(sys.prefix, "
                            "sys.base_prefix)",
                            *(options if argv == (configured,) else ()),
                            env=shared)
            self.assertEqual(said, f"{env} {tree.PREFIX}")

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
        self.assertIn("'/nowhere'", locating.failure(
            program, "-c", "", env={"PYTHONHOME": "/nowhere", **{
                name: str(value) for name, value in env.items()}}))

    def test_plug_in(self):
        program = self.build(PLUG_IN)
        self.check(program, LOCATE, tree.PREFIX / "lib" / NAME)
        self.check(program, LOCATE, f"lib/{NAME}", cwd=tree.PREFIX)

    def test_hard_link(self):
        """A copy of the library elsewhere cannot find the tree."""
        copied = tree.copy_to(self.directory)
        away = self.directory / "away"
        away.mkdir()
        try:
            os.link((copied / "lib" / NAME).resolve(), away / NAME)
        except OSError as exc:
            self.skipTest(f"no hard links here: {exc}")
        program = self.build(PLUG_IN)
        said = locating.failure(program, LOCATE, away / NAME, env={})
        self.assertIn("<prefix>", said)
        self.check(program, LOCATE, away / NAME, prefix=copied,
                   env={"PYTHONHOME": copied})


if __name__ == "__main__":
    unittest.main()
