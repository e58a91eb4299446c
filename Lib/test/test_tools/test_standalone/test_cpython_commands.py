"""Test cpython.commands, and what cpython.build expects of them."""

import unittest
from dataclasses import replace
from pathlib import Path

from standalone import recipes
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX
from standalone.core.model import Command
from standalone.core.platform import Architecture
from standalone.cpython import build, commands, modules
from standalone.toolchain.compilers import Toolchain

from .configuring import CONFIG_C, MAKEFILE, CPythonTest, write
from .trees import request, small_tree


class CommandsTest(CPythonTest):

    def configure(self, config):
        return commands.configure(config.layout, config.platform, config.chain,
                                  config.configured, config.variant)

    def test_configure(self):
        command = self.configure(self.config)
        self.assertEqual(command.cwd, self.build)
        self.assertIn(f"--prefix={PREFIX}", command.argv)
        self.assertNotIn("--with-pydebug", command.argv)
        self.assertFalse(command.jobserver)
        # Nothing is left of the recipes' placeholders.
        text = str(command)
        self.assertNotIn("{prefix}", text)
        self.assertIn(f"{self.layout.dep('zlib')}/lib/libz.a", text)

    def test_debug(self):
        debug = request(self.top / "cpython", self.top / "out",
                        options="debug")
        self.assertIn("--with-pydebug", self.configure(debug).argv)

    def test_tail_calls(self):
        """The version, the processor and the compiler have to have them."""
        option = "--with-tail-call-interp"
        tree = small_tree(self.top / "newer", "3.14.7")
        out = self.top / "out"
        for config, expected in (
                (request(tree, out, options="pgo+lto"), True),
                (request(tree, out, options="freethreaded+instrumented"),
                 True),
                (request(tree, out, options="noopt+jit",
                         target="aarch64-unknown-linux-gnu"), True),
                (request(tree, out), False),
                (request(tree, out, options="debug+freethreaded"), False),
                (request(self.config.pristine, out, options="pgo"), False)):
            with self.subTest(config=str(config.name)):
                self.assertEqual(
                    option in self.configure(config).argv, expected)
        for name, other in (
                ("chain", Toolchain("gcc", ("gcc",), {}, "gcc 12")),
                ("platform", replace(self.config.platform,
                                     arch=Architecture("mips")))):
            with self.subTest(name):
                config = request(tree, out, options="pgo")
                vars(config)[name] = other
                self.assertNotIn(option, self.configure(config).argv)

    def make_commands(self):
        config = self.config
        return list(commands.make_commands(config.layout, config.platform,
                                           config.variant))

    def test_make_shares_our_jobs(self):
        made = [command for command in self.make_commands()
                if command.argv[0] == "make"]
        self.assertTrue(made)
        for command in made:
            self.assertTrue(command.jobserver)
            self.assertEqual(command.cwd, self.build)

    def test_exports_of_each_target(self):
        """The modules of the test suite export what they please."""
        exporting = {
            command.argv[1]: "--version-script=exports.map" in str(command)
            for command in self.make_commands() if command.argv[0] == "make"}
        self.assertEqual(exporting, {
            "_bootstrap_python": False, "Programs/python.o": False,
            "libpython3.13.so": True, "libpython3.so": True, "all": False})

    def test_one_file(self):
        """The copy is newer than all that python depends on."""
        *_, stub, copy, everything = self.make_commands()
        self.assertEqual(stub.argv[1:3], ("libpython3.so", "libpython3.13.a"))
        self.assertEqual(copy.argv, ("cp", "libpython3.13.so", "python"))
        self.assertEqual(everything.argv[1], "all")
        tree = small_tree(self.top / "newer", "3.14.7")
        for words, name in (("freethreaded+noopt", "libpython3.14t.so"),
                            ("freethreaded+debug", "libpython3.14td.so"),
                            ("debug", "libpython3.14d.so")):
            config = request(tree, self.top / "out", options=words)
            self.assertIn(name, [
                command.argv[1] for command in commands.make_commands(
                    config.layout, config.platform, config.variant)])

    def test_pip_is_the_bundled_one(self):
        *_, pip = commands.install_commands(
            self.build, self.config.layout.stage("source"),
            self.config.variant, self.top / "root")
        self.assertIsInstance(pip, Command)
        self.assertIn(f"--root={self.top}/root", pip.argv)
        bundled = self.source / "Lib/ensurepip/_bundled"
        self.assertIn(f"--find-links={bundled}", pip.argv)
        self.assertEqual(Path(pip.argv[2]).parent.parent, bundled)


class CheckTest(CPythonTest):

    def setUp(self):
        super().setUp()
        self.makefile = self.build / "Makefile"
        write(self.makefile, MAKEFILE)
        write(self.build / "Modules/config.c", CONFIG_C)
        self.log = self.layout.logs / "cpython.log"
        self.dynload = (self.layout.stage("install") / PREFIX.lstrip("/")
                        / "lib/python3.13/lib-dynload")
        write(self.dynload / "_testcapi.cpython-313-x86_64-linux-gnu.so")

    def check_configured(self):
        build._check_configured(
            self.build / "Makefile",
            modules.expected(self.source, gpl=False), self.log)

    def check_built(self):
        build._check_built(
            self.build, self.layout.stage("install") / PREFIX.lstrip("/"),
            modules.expected(self.source, gpl=False), self.log)

    def set_state(self, module, state):
        text = self.makefile.read_text()
        line = f"MODULE_{module.upper()}_STATE=yes\n"
        self.assertIn(line, text)
        self.makefile.write_text(text.replace(line, state and line.replace(
            "yes", state)))

    def test_expectations(self):
        """The tests below rely on these modules."""
        self.assertEqual(modules.expected(self.source, gpl=False), {
            "_dbm": "builtin", "_testcapi": "shared", "posix": "builtin",
            "time": "builtin", "zlib": "builtin"})

    def test_configured(self):
        self.check_configured()

    def test_not_configured(self):
        self.set_state("zlib", "missing")
        self.set_state("_testcapi", "disabled")
        with self.assertRaises(BuildError) as found:
            self.check_configured()
        self.assertIn("_testcapi (disabled), zlib (missing)",
                      str(found.exception))
        self.assertEqual(found.exception.log, self.log)

    def test_without_a_state(self):
        """configure has no say about some modules, such as posix."""
        self.set_state("time", "")
        self.check_configured()

    def test_stated_in_setup_local(self):
        """configure does not find modules whose flags are in Setup.local."""
        [name, *_] = [module for recipe in recipes.load().values()
                      for module in recipe.setup]
        path = self.source / "Modules/Setup.stdlib.in"
        if name not in path.read_text():
            path.write_text(f"{path.read_text()}{name} {name}.c\n")
        self.makefile.write_text(
            f"{self.makefile.read_text()}"
            f"MODULE_{name.upper()}_STATE=missing\n")
        self.check_configured()

    def test_built(self):
        self.check_built()

    def test_not_built(self):
        write(self.build / "Modules/config.c",
              CONFIG_C.replace('"zlib"', '"zlibx"'))
        (self.dynload / "_testcapi.cpython-313-x86_64-linux-gnu.so").unlink()
        write(self.dynload / "zlib.cpython-313-x86_64-linux-gnu.so")
        with self.assertRaises(BuildError) as found:
            self.check_built()
        self.assertIn("_testcapi (shared), zlib (builtin)",
                      str(found.exception))
        self.assertEqual(found.exception.log, self.log)

    def test_declared_is_not_built(self):
        """Only the table counts."""
        write(self.build / "Modules/config.c", CONFIG_C.replace(
            '    {"posix", PyInit_posix},\n', ""))
        with self.assertRaisesRegex(BuildError, r"posix \(builtin\)"):
            self.check_built()


if __name__ == "__main__":
    unittest.main()
