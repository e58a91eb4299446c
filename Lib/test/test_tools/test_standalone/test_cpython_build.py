"""Test cpython.build: a small project that is configured like CPython,
built by make and installed, pip included."""

import json
import os
import shutil
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from standalone import recipes
from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX
from standalone.core.model import Command
from standalone.cpython import build, modules

from .trees import request, small_tree

# Writes what CPython's writes and we read: module states, and rules.
CONFIGURE = """\
#!/bin/sh
echo "$@" > configured
env >> configured
test -f Modules/Setup.local || exit 1
cp ../source/Makefile.pre.in Makefile
"""
# The targets that are made, with what each is told on a line of its own.
MAKEFILE = """\
MODULE_ZLIB_STATE=yes
MODULE__DBM_STATE=yes
MODULE__GDBM_STATE=disabled
MODULE__TESTCAPI_STATE=yes
MODULE_TIME_STATE=yes
all: Modules/config.c told-all
libpython3.so: exports.map told-libpython3.so
python: exports.map told-python
\tln -sf {python} $@
Modules/config.c:
\tcp ../source/config.c $@
told-%:
\t@echo '$(LDFLAGS_NODIST)' > $@; env > env-$*
install: told-install
\tmkdir -p $(DESTDIR)/install/lib/python3.13/lib-dynload
\ttouch $(DESTDIR)/install/lib/python3.13/lib-dynload/_testcapi.cpython.so
\techo $(TESTSUBDIRS) > $(DESTDIR)/tests
"""
CONFIG_C = """\
extern PyObject* PyInit_posix(void);
struct _inittab _PyImport_Inittab[] = {
    {"posix", PyInit_posix},
    {"time", PyInit_time},
    {"zlib", PyInit_zlib},
    {"_dbm", PyInit__dbm},
    {"sys", NULL},
    {0, 0}
};
"""
# In the place of pip: writes down what it was told.
PIP = """\
import json, os, sys
[root] = [word.removeprefix("--root=") for word in sys.argv
          if word.startswith("--root=")]
with open(os.path.join(root, "pip.json"), "w") as file:
    json.dump([sys.argv, dict(os.environ), sys.dont_write_bytecode], file)
"""
HEADER = """\
#define PyAPI_FUNC(type) type
PyAPI_FUNC(int) Py_IsInitialized(void);
"""


def write(path, text="text\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class CPythonTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        pristine = small_tree(self.top / "cpython")
        os.utime(pristine / "Include/patchlevel.h", (1234567890,) * 2)
        self.config = request(pristine, self.top / "out")
        layout = self.layout = self.config.layout
        self.build = layout.stage("build")
        self.source = small_tree(layout.stage("source"))
        write(self.source / "configure", CONFIGURE)
        write(self.source / "Makefile.pre.in",
              MAKEFILE.format(python=sys.executable))
        write(self.source / "config.c", CONFIG_C)
        write(self.source / "Include/Python.h", HEADER)
        write(self.source / "Misc/stable_abi.toml", "")
        write(self.source / "pyconfig.h.in")
        [wheel] = self.source.glob("Lib/ensurepip/_bundled/pip-*.whl")
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("pip/__main__.py", PIP)
        write(layout.stage("setup") / "Setup.local", "# modules\n")
        write(layout.toolchain / stamp.KEY, "key of the compiler")
        # A compiler to ask, by the name that the build knows.
        (layout.toolchain / "bin").mkdir()
        (layout.toolchain / "bin/cc").symlink_to(
            shutil.which("cc") or "/no/compiler")
        for name in self.config.recipes:
            write(layout.dep(name) / stamp.KEY, f"key of {name}")


class CommandsTest(CPythonTest):

    def configure(self, config):
        return build.configure(config.layout, config.platform,
                               config.configured, config.flavour)

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

    def test_make_shares_our_jobs(self):
        for command in build.make_commands(
                self.build, self.config.flavour):
            self.assertEqual(command.argv[0], "make")
            self.assertTrue(command.jobserver)
            self.assertEqual(command.cwd, self.build)

    def test_exports_of_each_target(self):
        """The modules of the test suite export what they please."""
        exporting = {
            command.argv[1]: "--version-script=exports.map" in str(command)
            for command in build.make_commands(
                self.build, self.config.flavour)}
        self.assertEqual(exporting, {"libpython3.so": True, "python": True,
                                     "all": False})

    def test_pip_is_the_bundled_one(self):
        *_, pip = build.install_commands(
            self.build, self.config.layout.stage("source"),
            self.config.flavour, self.top / "root")
        self.assertIsInstance(pip, Command)
        self.assertIn(f"--root={self.top}/root", pip.argv)
        bundled = self.source / "Lib/ensurepip/_bundled"
        self.assertIn(f"--find-links={bundled}", pip.argv)
        self.assertEqual(Path(pip.argv[2]).parent.parent, bundled)


class RunTest(CPythonTest):

    def run_stage(self, wanted="a key"):
        build.run(self.config, wanted)
        return self.layout.stage("install")

    def setUp(self):
        super().setUp()
        if not (shutil.which("make") and shutil.which("cc")):
            self.skipTest("no make, or no C compiler")

    def test_build_and_install(self):
        root = self.run_stage()
        self.assertTrue(stamp.is_fresh(root, "a key"))
        self.assertTrue((root / "install/lib/python3.13/lib-dynload"
                         / "_testcapi.cpython.so").exists())
        self.assertEqual((root / "tests").read_text().strip(), "")
        self.assertEqual((self.build / "Modules/Setup.local").read_text(),
                         "# modules\n")
        told = (self.build / "configured").read_text()
        self.assertIn(f"--prefix={PREFIX}", told)
        self.assertIn("MODULE_BUILDTYPE=static\n", told)
        self.assertRegex((self.build / "exports.map").read_text(),
                         r"(?s)global:.*Py\*;.*local: \*;")
        self.assertFalse((self.build / ".busy").exists())

    def test_what_make_is_told(self):
        self.run_stage()
        told = {target: (self.build / f"told-{target}").read_text()
                for target in ("libpython3.so", "python", "all", "install")}
        self.assertIn("-Wl,-rpath,\\$ORIGIN", told["libpython3.so"])
        self.assertNotIn("-rpath", told["python"])
        self.assertIn("version-script", told["python"])
        self.assertNotIn("version-script", told["all"])
        self.assertNotIn("version-script", told["install"])

    def test_environment(self):
        self.run_stage()
        for name in ("configured", "env-all", "env-install"):
            lines = (self.build / name).read_text().splitlines()
            with self.subTest(name):
                self.assertIn("SOURCE_DATE_EPOCH=1234567890", lines)
                self.assertIn("PYTHONDONTWRITEBYTECODE=1", lines)
                [path] = [line for line in lines if line.startswith("PATH=")]
                self.assertTrue(path.startswith(
                    f"PATH={self.layout.toolchain}/bin:"), path)

    def test_pip(self):
        """From the tree's own wheel, without this machine's settings."""
        root = self.run_stage()
        argv, env, no_bytecode = json.loads((root / "pip.json").read_text())
        self.assertIn("--no-index", argv)
        self.assertIn(f"--prefix={PREFIX}", argv)
        self.assertEqual(argv[-1], "pip")
        self.assertEqual(env["PIP_CONFIG_FILE"], os.devnull)
        self.assertTrue(no_bytecode)

    def test_log(self):
        write(self.layout.logs / "cpython.log", "an older log\n")
        self.run_stage()
        log = (self.layout.logs / "cpython.log").read_text()
        self.assertNotIn("an older log", log)
        self.assertIn("../source/configure", log)

    def build_again(self):
        """Build once more; was it configured anew?"""
        (self.build / "kept").touch()
        self.run_stage("another key")
        self.assertTrue(stamp.is_fresh(self.layout.stage("install"),
                                       "another key"))
        return not (self.build / "kept").exists()

    def test_same_again(self):
        self.run_stage()
        (self.build / "configured").unlink()
        self.assertFalse(self.build_again())
        self.assertFalse((self.build / "configured").exists())

    def test_a_source_file_changed(self):
        """Only make runs again."""
        self.run_stage()
        write(self.source / "Lib/os.py", "# changed\n")
        self.assertFalse(self.build_again())

    def test_configured_anew(self):
        changes = {
            "configure": self.source / "configure",
            "makefile": self.source / "Makefile.pre.in",
            "header": self.source / "pyconfig.h.in",
            "modules": self.source / "Modules/Setup.stdlib.in",
            "bootstrap": self.source / "Modules/Setup.bootstrap.in",
            "decisions": self.layout.stage("setup") / "Setup.local",
            "compiler": self.layout.toolchain / stamp.KEY,
            "dependency": self.layout.dep("zlib") / stamp.KEY}
        before = build._configured_key(self.config)
        self.assertEqual(before, build._configured_key(self.config))
        for what, path in changes.items():
            with self.subTest(what):
                old = path.read_text()
                path.write_text(old + "# changed\n")
                self.assertNotEqual(
                    build._configured_key(self.config), before)
                path.write_text(old)
                self.assertEqual(
                    build._configured_key(self.config), before)
        self.run_stage()
        write(self.layout.dep("zlib") / stamp.KEY, "another zlib")
        self.assertTrue(self.build_again())

    def test_options_configure_anew(self):
        keys = {build._configured_key(self.config)}
        for options in ("debug", "lto"):
            other = request(self.top / "cpython", self.top / "out",
                            options=options)
            for name in ("source", "setup"):
                shutil.copytree(self.layout.stage(name),
                                other.layout.stage(name))
            keys.add(build._configured_key(other))
        self.assertEqual(len(keys), 3)

    def test_killed(self):
        """A killed compiler may have left half an object file."""
        self.run_stage()
        (self.build / ".busy").touch()
        self.assertTrue(self.build_again())
        self.assertFalse((self.build / ".busy").exists())

    def test_make_fails(self):
        self.run_stage()
        makefile = self.build / "Makefile"
        makefile.write_text(makefile.read_text() + "all: no-such-file\n")
        with self.assertRaisesRegex(BuildError, "make failed"):
            self.run_stage("another key")
        # What was installed before is still that.
        self.assertTrue(stamp.is_fresh(self.layout.stage("install"),
                                       "a key"))
        self.assertTrue(self.build_again())

    def test_configure_fails(self):
        write(self.source / "configure", "#!/bin/sh\nexit 3\n")
        with self.assertRaisesRegex(BuildError, "configure failed"):
            self.run_stage()
        self.assertFalse(self.layout.stage("install").exists())
        write(self.source / "configure", CONFIGURE)
        self.run_stage()

    def test_module_not_found(self):
        path = self.source / "Makefile.pre.in"
        path.write_text(path.read_text().replace("ZLIB_STATE=yes",
                                                 "ZLIB_STATE=missing"))
        with self.assertRaisesRegex(BuildError, r"zlib \(missing\)") as found:
            self.run_stage()
        self.assertIn("config.log", found.exception.hint)
        self.assertFalse((self.build / "Modules/config.c").exists())

    def test_module_not_built(self):
        write(self.source / "config.c", CONFIG_C.replace("zlib", "other"))
        with self.assertRaisesRegex(BuildError, r"zlib \(builtin\)"):
            self.run_stage()
        # Not finished, so not to be built upon.
        self.assertTrue((self.build / ".busy").exists())


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
