"""Test what the tree says about itself: sysconfig, JSON, pkg-config."""

import json
import os
import re
import sys
import sysconfig
import unittest
from pathlib import Path

from test.test_standalone_runtime import tree

# Paths that any machine has; all others are those of the one that built.
SYSTEM = ("/bin/", "/dev/", "/etc/", "/lib/", "/usr/", "/lib64/", "/proc/")
# Options that only our toolchains understand.
FORBIDDEN = re.compile(
    r"\bzig\b|-target\b|sysroot|-prefix-map|-fno-sanitize|-flto|"
    r"-fprofile|-fuse-ld|\bclang\b|llvm-|--version-script|__GLIBC_MINOR__|"
    r"-fstack-clash|-D_FORTIFY|-fcf-protection|-mbranch-protection")
_PATH = re.compile(r"""(?:^|[\s"'=:]|-[IL])(/[\w.+/-]+)""")


class SysconfigTests(unittest.TestCase):

    def test_build_vars(self):
        data = tree.build_vars()
        self.assertEqual(data["prefix"], tree.PLACEHOLDER)
        self.assertGreater(len(data), 500)
        for name, value in data.items():
            if isinstance(value, str):
                self.check_words(name, value)

    def test_makefile(self):
        [makefile] = tree.LIBRARY.glob("config-*/Makefile")
        variables = {}
        for line in makefile.read_text().splitlines():
            if match := re.match(r"([A-Z_]+)=\s*(.*)", line):
                variables[match[1]] = match[2]
        for name in ("CC", "CFLAGS", "CONFIGURE_CFLAGS", "LDFLAGS",
                     "CONFIG_ARGS", "LDSHARED", "AR"):
            self.check_words(name, variables.get(name, ""))

    def check_words(self, name, value):
        with self.subTest(name, value=value):
            self.assertIsNone(FORBIDDEN.search(value))
            for path in _PATH.findall(value):
                self.assertTrue(
                    f"{path}/".startswith((f"{tree.PLACEHOLDER}/", *SYSTEM)),
                    path)

    def test_paths(self):
        for name, path in sysconfig.get_paths().items():
            with self.subTest(name):
                self.assertTrue(Path(path).is_relative_to(tree.PREFIX))
                self.assertTrue(Path(path).is_dir())
        self.assertTrue(Path(sysconfig.get_path("include"),
                             "Python.h").is_file())

    def test_compilers(self):
        """Names that any machine with a compiler has, in the file."""
        data = tree.build_vars()
        for name, program in {"CC": "cc", "CXX": "c++", "AR": "ar",
                              "LDSHARED": "cc", "LDCXXSHARED": "c++",
                              "LINKCC": "cc"}.items():
            self.assertEqual(data[name].split()[0], program, name)

    def test_platform(self):
        self.assertEqual(sysconfig.get_platform(),
                         f"linux-{os.uname().machine}")
        self.assertEqual(sysconfig.get_python_version(), tree.VERSION)

    def test_command_line(self):
        """No version has an option for JSON yet."""
        said = tree.run(sys.executable, "-m", "sysconfig")
        self.assertIn("Paths", said)
        self.assertIn(f'LIBDIR = "{tree.PREFIX / "lib"}"', said)
        self.assertIsNone(tree.PLACEHOLDER_PATH.search(said))


class JSONTests(unittest.TestCase):
    """_sysconfig_vars_*.json, which tools for cross builds read."""

    def setUp(self):
        self.name = (sysconfig._get_sysconfigdata_name().replace(
            "_sysconfigdata", "_sysconfig_vars") + ".json")

    def test_version(self):
        """It is new in 3.14."""
        self.assertEqual(
            [path.name for path in tree.LIBRARY.glob("*sysconfig_vars*")],
            [self.name] if sys.version_info >= (3, 14) else [])

    @unittest.skipIf(sys.version_info < (3, 14), "this version has no such")
    def test_values(self):
        """Those of _sysconfigdata, with the same prefix to replace, and of
        no user; what it has in addition are paths below that prefix."""
        values = json.loads((tree.LIBRARY / self.name).read_text())
        data = tree.build_vars()
        self.assertEqual({name: values[name] for name in data}, data)
        self.assertEqual(values["base"], tree.PLACEHOLDER)
        self.assertNotIn("userbase", values)
        names = sysconfig.get_config_vars().keys()
        self.assertLessEqual(names - values.keys(), {"userbase"})
        for name, value in values.items():
            if isinstance(value, str) and name not in data:
                with self.subTest(name, value=value):
                    for path in _PATH.findall(value):
                        self.assertTrue(f"{path}/".startswith(
                            f"{tree.PLACEHOLDER}/"), path)


class BuildDetailsTests(unittest.TestCase):
    """PEP 739."""

    def setUp(self):
        self.path = tree.LIBRARY / "build-details.json"
        self.details = json.loads(self.path.read_text())

    def test_paths(self):
        self.assertFalse(os.path.isabs(self.details["base_prefix"]))
        prefix = (self.path.parent / self.details["base_prefix"]).resolve()
        self.assertEqual(prefix, tree.PREFIX.resolve())
        paths = [self.details["base_interpreter"],
                 self.details["libpython"]["dynamic"],
                 self.details["c_api"]["headers"],
                 self.details["c_api"]["pkgconfig_path"]]
        for path in paths:
            with self.subTest(path):
                self.assertFalse(os.path.isabs(path))
                self.assertTrue((prefix / path).exists())

    def test_agrees(self):
        self.assertEqual(self.details["schema_version"], "1.0")
        self.assertEqual(self.details["platform"], sysconfig.get_platform())
        language = self.details["language"]
        self.assertEqual(language["version"], tree.VERSION)
        self.assertEqual(
            list(language["version_info"].values()), list(sys.version_info))
        self.assertEqual(
            self.details["implementation"]["hexversion"], sys.hexversion)
        self.assertEqual(
            self.details["implementation"]["cache_tag"],
            sys.implementation.cache_tag)
        self.assertEqual(self.details["abi"]["extension_suffix"],
                         sysconfig.get_config_var("EXT_SUFFIX"))


class PkgConfigTests(unittest.TestCase):

    def test_relative(self):
        directory = tree.PREFIX / "lib" / "pkgconfig"
        names = {path.name for path in directory.iterdir()}
        self.assertLessEqual(
            {"python3.pc", "python3-embed.pc", f"python-{tree.VERSION}.pc",
             f"python-{tree.VERSION}-embed.pc"}, names)
        for path in directory.iterdir():
            with self.subTest(path.name):
                text = path.read_text()
                self.assertIn("prefix=${pcfiledir}/../..\n", text)
                self.assertNotIn(tree.PLACEHOLDER, text)

    @tree.requires_tool("pkg-config")
    def test_variables(self):
        def ask(*arguments):
            return tree.run("pkg-config", *arguments, env={
                "PKG_CONFIG_PATH": tree.PREFIX / "lib" / "pkgconfig"})
        # Spaces have a backslash before them, as has what is not ASCII.
        prefix = ask("--variable=prefix", "python3").replace("\\", "")
        self.assertTrue(os.path.samefile(prefix, tree.PREFIX), prefix)
        self.assertEqual(ask("--modversion", "python3"), tree.VERSION)


@tree.requires_tool("sh")
class PythonConfigTests(unittest.TestCase):

    def ask(self, *options):
        return tree.run(tree.BIN / "python3-config", *options)

    def test_values(self):
        """Flags are compared with sysconfig's in test_sysconfig."""
        prefix = os.path.realpath(tree.PREFIX)
        self.assertEqual(self.ask("--prefix"), prefix)
        self.assertEqual(self.ask("--exec-prefix"), prefix)
        self.assertEqual(self.ask("--abiflags"), sys.abiflags)
        self.assertEqual(self.ask("--extension-suffix"),
                         sysconfig.get_config_var("EXT_SUFFIX"))
        self.assertNotIn("-lpython", self.ask("--libs"))

    def test_archive(self):
        """Without a static library, --static prints an error."""
        if list(tree.LIBRARY.glob("config-*/libpython*.a")):
            self.skipTest("this is the full archive")
        with self.assertRaisesRegex(AssertionError, "only the full archive"):
            self.ask("--static", "--ldflags")

    def test_through_link_and_wrong_option(self):
        self.assertEqual(
            tree.run("sh", "-c", 'PATH="$1:$PATH" && python3-config --prefix',
                     "sh", tree.BIN), os.path.realpath(tree.PREFIX))
        with self.assertRaisesRegex(AssertionError, "Usage"):
            self.ask("--nonsense")


if __name__ == "__main__":
    unittest.main()
