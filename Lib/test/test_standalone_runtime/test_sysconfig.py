"""Test that every value of sysconfig is correct after a move."""

import json
import os
import shlex
import sys
import sysconfig
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import building, tree

DATA = f"{sysconfig._get_sysconfigdata_name()}.py"

ASK = """\
import json, sys, sysconfig
variables = sysconfig.get_config_vars()
data = sys.modules[sysconfig._get_sysconfigdata_name()].build_time_vars
print(json.dumps({
    "vars": variables, "data": data, "paths": sysconfig.get_paths(),
    "makefile": sysconfig.get_makefile_filename(),
    "header": sysconfig.get_config_h_filename(),
    "prefix": sys.prefix, "base": sys.base_prefix}))
"""


def ask(python, env=None, **options):
    return json.loads(tree.run(python, "-c", ASK, env=env, **options))


class TrueTests(unittest.TestCase):
    """In the tree, moved as it is."""

    python = tree.PYTHON

    def setUp(self):
        self.said = ask(self.python)
        self.vars = self.said["vars"]

    def test_no_placeholder(self):
        for name, value in self.vars.items():
            with self.subTest(name, value=value):
                self.assertIsNone(tree.PLACEHOLDER_PATH.search(str(value)))

    def test_everything_exists(self):
        """A path, or words for a shell."""
        prefix, found = self.said["base"], set()
        for name, value in self.vars.items():
            if not isinstance(value, str) or prefix not in value:
                continue
            paths = [value] if value.startswith(prefix) and (
                os.path.exists(value)) else [
                word[word.index(prefix):] for word in shlex.split(value)
                if prefix in word]
            for path in paths:
                with self.subTest(name, value=value):
                    self.assertTrue(os.path.exists(path), path)
                found.add(name)
        self.assertLessEqual({
            "BINDIR", "BINLIBDEST", "CONFIG_ARGS", "CONFINCLUDEPY",
            "DESTDIRS", "DESTSHARED", "INCLUDEPY", "LIBDIR", "LIBPC",
            "LIBPL"}, found)
        # Since 3.14 these two are the virtual environment's, if any.
        own = self.said["prefix" if sys.version_info >= (3, 14) else "base"]
        self.assertEqual([own, own], [self.vars["prefix"],
                                      self.vars["exec_prefix"]])

    def test_libraries(self):
        """What CMake, PyO3 and others put together themselves."""
        libdir = Path(self.vars["LIBDIR"])
        self.assertTrue((libdir / self.vars["LDLIBRARY"]).is_file())
        self.assertTrue((libdir / self.vars["INSTSONAME"]).is_file())
        self.assertTrue(Path(self.vars["INCLUDEPY"], "Python.h").is_file())

    def test_module_agrees(self):
        """In this process; its file says /install."""
        differ = {name for name, value in self.said["data"].items()
                  if self.vars[name] != value}
        # What sysconfig itself corrects.
        self.assertLessEqual(differ, {"srcdir", "prefix", "exec_prefix"})
        self.assertEqual(tree.build_vars()["LIBDIR"],
                         f"{tree.PLACEHOLDER}/lib")

    def test_paths_agree(self):
        paths, base = self.said["paths"], self.said["base"]
        self.assertEqual(paths["include"], self.vars["INCLUDEPY"])
        self.assertEqual(paths["stdlib"], self.vars["LIBDEST"])
        self.assertEqual(Path(self.said["makefile"]),
                         Path(self.vars["LIBPL"], "Makefile"))
        for path in (self.said["makefile"], self.said["header"],
                     *paths.values()):
            with self.subTest(path):
                self.assertTrue(os.path.exists(path))
        self.assertEqual(self.vars["installed_base"], base)
        self.assertEqual(self.said["data"]["prefix"], base)

    def test_build_details_agree(self):
        path = Path(self.vars["LIBDEST"], "build-details.json")
        details = json.loads(path.read_text())
        prefix = (path.parent / details["base_prefix"]).resolve()
        for mine, theirs in {
                details["base_interpreter"]: self.vars["EXENAME"],
                details["libpython"]["dynamic"]: os.path.join(
                    self.vars["LIBDIR"], self.vars["INSTSONAME"]),
                details["c_api"]["headers"]: self.vars["INCLUDEPY"],
                details["c_api"]["pkgconfig_path"]: self.vars["LIBPC"],
                }.items():
            with self.subTest(mine):
                self.assertTrue(os.path.samefile(prefix / mine, theirs))

    @tree.requires_tool("sh")
    def test_python_config_agrees(self):
        def config(*options):
            return shlex.split(tree.run(tree.BIN / "python3-config",
                                        *options))
        [include] = config("--includes")
        self.assertEqual(include[:2], "-I")
        self.assertTrue(os.path.samefile(include[2:],
                                         self.vars["INCLUDEPY"]))
        self.assertEqual(config("--cflags")[1:],
                         shlex.split(self.vars["CFLAGS"]))
        search, *libraries = config("--ldflags", "--embed")
        self.assertEqual(search[:2], "-L")
        self.assertTrue(os.path.samefile(search[2:], self.vars["LIBDIR"]))
        self.assertEqual(libraries, [f"-lpython{self.vars['LDVERSION']}",
                                     *self.vars["LIBS"].split()])
        self.assertTrue(os.path.samefile(
            tree.run(tree.BIN / "python3-config", "--configdir"),
            self.vars["LIBPL"]))

    @tree.requires_tool("pkg-config")
    def test_pkg_config_agrees(self):
        def config(*options):
            return building.words(tree.run(
                "pkg-config", *options,
                env={"PKG_CONFIG_PATH": self.vars["LIBPC"]}))
        [include] = config("--cflags", "python3")
        self.assertTrue(os.path.samefile(include[2:],
                                         self.vars["INCLUDEPY"]))
        search, *libraries = config("--libs", "--static", "python3-embed")
        self.assertTrue(os.path.samefile(search[2:], self.vars["LIBDIR"]))
        self.assertEqual(libraries, [f"-lpython{self.vars['LDVERSION']}",
                                     *self.vars["LIBS"].split()])


class VenvTests(TrueTests):
    """In a venv, which has its own prefix and shares all else."""

    def setUp(self):
        venv = Path(os.path.realpath(self.enterContext(
            os_helper.temp_dir())), "a venv")
        tree.run(tree.PYTHON, "-m", "venv", "--without-pip", venv)
        self.python = venv / "bin" / "python"
        super().setUp()
        self.assertEqual(self.said["prefix"], str(venv))
        self.assertEqual(self.said["base"], str(tree.PREFIX))


class MovedTests(unittest.TestCase):
    """A tree under other names."""

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))
        self.copied = tree.copy_to(self.directory)

    def test_awkward_names(self):
        for name in ("plain", "$HOME `id` *", "it's \"q\"", "a:b", "back\\s",
                     "install"):
            self.copied = self.copied.rename(self.directory / name)
            with self.subTest(name):
                said = ask(self.copied / "bin" / "python3")
                prefix = str(self.copied)
                self.assertEqual(said["base"], prefix)
                value = said["vars"]
                self.assertEqual(value["LIBDIR"], f"{prefix}/lib")
                self.assertEqual(value["LIBPC"], f"{prefix}/lib/pkgconfig")
                self.assertEqual(
                    shlex.split(value["DESTDIRS"])[:2],
                    [prefix, f"{prefix}/lib"])
                self.assertEqual(
                    shlex.split(value["CONFIG_ARGS"])[0],
                    f"--prefix={prefix}")
                self.assertEqual("'" in value["DESTDIRS"],
                                 name not in ("plain", "a:b", "install"))
                self.assertEqual(value["INSTALL"], "/usr/bin/install -c")

    def rewrite(self, change):
        """Write _sysconfigdata anew, as installers do."""
        [path] = self.copied.glob(f"lib/python3*/{DATA}")
        data = change(tree.build_vars())
        path.unlink()
        path.write_text(f"build_time_vars = {data!r}\n", encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
            compiled.unlink()

    def test_rewritten(self):
        """uv puts its prefix where a word begins with ours, no more."""
        prefix = str(self.copied)

        def change(data):
            data = {name: " ".join(
                        prefix + word.removeprefix(tree.PLACEHOLDER)
                        if word.startswith(tree.PLACEHOLDER) else word
                        for word in value.split())
                    if isinstance(value, str) else value
                    for name, value in data.items()}
            return data | {"CC": "mine -pthread", "MARK": 1}

        self.rewrite(change)
        value = ask(self.copied / "bin" / "python3")["vars"]
        self.assertEqual(value["MARK"], 1)
        self.assertEqual(value["LIBDIR"], f"{prefix}/lib")
        self.assertIn(f"--prefix={prefix}",
                      shlex.split(value["CONFIG_ARGS"]))
        self.assertEqual(value["CC"], "mine -pthread")
        for name, text in value.items():
            with self.subTest(name, value=text):
                self.assertIsNone(tree.PLACEHOLDER_PATH.search(str(text)))

    def test_not_ours(self):
        """Of a CPython that was built in the ordinary way."""
        self.rewrite(lambda data: data | {
            "prefix": "/usr/local", "CONFIG_ARGS": "'--enable-shared'",
            "INCLUDEPY": "/install/is/theirs"})
        value = ask(self.copied / "bin" / "python3",
                    env={"PATH": "/nowhere", "CC": "mine"})["vars"]
        self.assertEqual(value["INCLUDEPY"], "/install/is/theirs")
        self.assertEqual(value["CC"], "cc -pthread")

    def test_cross_build(self):
        """The variables of another Python are left alone."""
        data = tree.build_vars() | {"MACHDEP": "theirs"}
        (self.directory / "_sysconfigdata_theirs.py").write_text(
            f"build_time_vars = {data!r}\n", encoding="utf-8")
        for path in "_PYTHON_SYSCONFIGDATA_PATH", "PYTHONPATH":
            if path != "PYTHONPATH" and sys.version_info < (3, 13):
                continue                 # not known there
            with self.subTest(path):
                value = building.variables({
                    path: self.directory, "CC": "mine",
                    "_PYTHON_SYSCONFIGDATA_NAME": "_sysconfigdata_theirs"})
                self.assertEqual(value["MACHDEP"], "theirs")
                self.assertEqual(value["LIBDIR"], f"{tree.PLACEHOLDER}/lib")
                self.assertEqual(value["CC"], "cc -pthread")


class OrderTests(unittest.TestCase):
    """Relocation is the last step of sysconfig's."""

    def test_asked_by_import_hooks(self):
        """They may run at any import, also while sysconfig has not yet
        said that it is ready: https://github.com/benfogle/crossenv"""
        said = tree.run(sys.executable, "-I", "-c", """if True:
            import importlib, os, sys, sysconfig
            os.environ.pop("CC", None)   # so that compilers are looked for
            os.environ["PATH"] = "/nowhere"
            importlib.import_module(sysconfig._get_sysconfigdata_name())
            class Hook:
                @staticmethod
                def find_spec(name, path=None, target=None):
                    sysconfig.get_path("stdlib")
            sys.meta_path.insert(0, Hook)
            def find(path):
                sysconfig.get_path("stdlib")
                raise ImportError
            sys.path_hooks.insert(0, find)
            sys.path_importer_cache.clear()
            print(sysconfig.get_config_var("LIBDIR"))
            print(sysconfig.get_path("stdlib"))
            """)
        self.assertEqual(said.splitlines(), [
            str(tree.PREFIX / "lib"), str(tree.LIBRARY)])

    def test_threads(self):
        """All get the same values, whoever is first."""
        tree.run(sys.executable, "-c", """if True:
            import sys, sysconfig, threading
            sys.setswitchinterval(1e-6)
            start, said = threading.Barrier(8), []
            def ask():
                start.wait(30)
                said.append(sysconfig.get_config_vars("LIBDIR", "CC",
                                                      "abi_thread", "srcdir"))
            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            expected = sysconfig.get_config_vars("LIBDIR", "CC",
                                                 "abi_thread", "srcdir")
            assert said == 8 * [expected], said
            assert expected[0] == sys.base_prefix + "/lib", expected
            """)

    def test_what_sysconfig_made_stays(self):
        """Since 3.14 its prefix is that of the venv."""
        tree.run(sys.executable, "-c", """if True:
            import importlib, sys, sysconfig
            from _standalone_runtime import build
            name = sysconfig._get_sysconfigdata_name()
            data = importlib.import_module(name).build_time_vars
            copy = data | {"prefix": "/a/venv"}
            build.relocate(copy)
            assert copy["prefix"] == "/a/venv", copy["prefix"]
            assert copy["LIBDIR"] == sys.base_prefix + "/lib", copy["LIBDIR"]
            assert data["prefix"] == sys.base_prefix, data["prefix"]
            """)


class SubstitutionTests(unittest.TestCase):
    """The function that does it, with values that no build has yet."""

    def substituted(self, value, prefix="/a b"):
        from _standalone_runtime import build
        return build._substituted(value, prefix)

    def test_path(self):
        self.assertEqual(self.substituted("/install"), "/a b")
        self.assertEqual(self.substituted("/install/lib"), "/a b/lib")
        self.assertEqual(self.substituted("/installed"), "/installed")

    def test_words(self):
        for before, after in {
                "-L/install/lib": "-L'/a b'/lib",
                "-L/install/lib -I/install": "-L'/a b'/lib -I'/a b'",
                "-Wl,-rpath,/install/lib": "-Wl,-rpath,'/a b'/lib",
                "A=/install/x": "A='/a b'/x",
                "'--prefix=/install' '-q'": "'--prefix=/a b' '-q'",
                "x /install": "x '/a b'",
                "/usr/bin/install -c": "/usr/bin/install -c",
                "./install/lib": "./install/lib",
                "../install -I../install": "../install -I../install",
                "-I/installed": "-I/installed"}.items():
            with self.subTest(before):
                self.assertEqual(self.substituted(before), after)

    def test_quotes(self):
        self.assertEqual(
            shlex.split(self.substituted("'--x=/install' /install", "/it's")),
            ["--x=/it's", "/it's"])

    def test_nothing_twice(self):
        """A prefix that begins with the placeholder."""
        self.assertEqual(self.substituted("-L/install/lib /install",
                                          "/install/install"),
                         "-L/install/install/lib /install/install")

    def test_again(self):
        """sysconfig may begin anew, as a venv is activated."""
        tree.run(sys.executable, "-c", """if True:
            import sys, sysconfig
            before = dict(sysconfig.get_config_vars())
            sysconfig._CONFIG_VARS_INITIALIZED = False
            sysconfig._init_config_vars()
            assert sysconfig.get_config_vars() == before
            """)


if __name__ == "__main__":
    unittest.main()
