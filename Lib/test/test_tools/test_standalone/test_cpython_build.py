"""Test cpython.build with a small project that is configured like CPython."""

import json
import os
import shutil
import unittest

from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import PREFIX
from standalone.cpython import build

from .configuring import CONFIG_C, CONFIGURE, CPythonTest, write
from .trees import request


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
                for target in ("libpython3.13.so", "libpython3.so", "all",
                               "install")}
        self.assertIn("-Wl,-rpath,\\$ORIGIN", told["libpython3.so"])
        self.assertNotIn("-rpath", told["libpython3.13.so"])
        self.assertIn("version-script", told["libpython3.13.so"])
        self.assertNotIn("Scrt1.o", told["libpython3.so"])
        self.assertIn("Scrt1.o", told["libpython3.13.so"])
        self.assertEqual((self.build / "python").read_bytes(),
                         (self.build / "libpython3.13.so").read_bytes())
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

    def test_configure_is_new_but_the_same(self):
        # As a copy of the source leaves it that was interrupted; CPython's
        # makefile would run it again, without our environment.
        self.run_stage()
        os.utime(self.build / "config.status", (1, 1))
        os.utime(self.source / "configure")
        self.run_stage()

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


if __name__ == "__main__":
    unittest.main()
