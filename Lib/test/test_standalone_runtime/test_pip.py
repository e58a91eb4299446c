"""pip and the scripts that it writes, from the tree's own bin/ on."""

import os
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import packages, tree

OFFLINE = ("--no-index", "--disable-pip-version-check", "--no-cache-dir")


@tree.requires_tool("sh")
class ScriptTests(unittest.TestCase):
    """bin/pip3 finds the interpreter next to it, however it is started."""

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    def check(self, *argv, **options):
        said = tree.run(*argv, "--version", **options)
        self.assertRegex(said, r"^pip \d")
        place = said.partition(" from ")[2].partition(" (python")[0]
        self.assertEqual(os.path.realpath(place),
                         str(tree.LIBRARY / "site-packages" / "pip"))

    def test_names(self):
        names = ["pip", "pip3", f"pip{tree.VERSION}"]
        self.assertTrue((tree.BIN / "pip3").exists())
        for name in names:
            if (tree.BIN / name).exists():
                self.check(tree.BIN / name)

    def test_through_path(self):
        self.check("pip3", env={"PATH": f"{tree.BIN}:{os.environ['PATH']}"})

    def test_through_relative_paths(self):
        self.check("./pip3", cwd=tree.BIN)
        self.check("bin/pip3", cwd=tree.PREFIX)
        self.check("../bin/pip3", cwd=tree.BIN)
        self.check("pip3", cwd=tree.BIN,
                   env={"PATH": f".:{os.environ['PATH']}"})

    def test_through_links(self):
        first, second = self.directory / "first", self.directory / "second"
        first.symlink_to(tree.BIN / "pip3")
        second.symlink_to("first")
        self.check(first)
        self.check(second)
        self.check("second", env={
            "PATH": f"{self.directory}:{os.environ['PATH']}"})
        (self.directory / "tree").symlink_to(tree.PREFIX)
        self.check(self.directory / "tree" / "bin" / "pip3")

    def test_given_to_a_shell(self):
        self.check("sh", tree.BIN / "pip3")
        self.check("sh", "pip3", cwd=tree.BIN)

    def test_given_to_python(self):
        self.check(tree.PYTHON, tree.BIN / "pip3")

    def test_empty_environment(self):
        self.check("env", "-i", tree.BIN / "pip3")

    def test_arguments(self):
        """Each stays one, whatever is in it."""
        words = ["a b", "", "*", "$HOME", 'quo"te', "new\nline", "é"]
        tree.run(tree.BIN / "pip3", "--version")
        probe = self.directory / "probe"
        launcher = (tree.BIN / "pip3").read_text().split("\n'''\n")[0]
        copied = tree.copy_to(self.directory)
        probe = copied / "bin" / "probe"
        probe.write_text(f"{launcher}\n'''\nimport sys\n"
                         "print(ascii(sys.argv[1:]))\n")
        probe.chmod(0o755)
        self.assertEqual(tree.run(probe, *words), ascii(words))


class InstallTests(unittest.TestCase):

    def setUp(self):
        self.directory = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))

    @tree.requires_tool("sh")
    def test_wheel_in_venv(self):
        env = self.directory / "an environment"
        wheel = packages.write_wheel(self.directory)
        tree.run(tree.PYTHON, "-m", "venv", env)
        tree.run(env / "bin/pip", "install", *OFFLINE, wheel)
        said = tree.run(env / "bin" / "greeting", "to you")
        self.assertEqual(said, f"greetings from {env} to you")
        tree.run(env / "bin/pip", "uninstall", "-y", "greeting")
        self.assertFalse((env / "bin" / "greeting").exists())

    @tree.requires_tool("sh")
    def test_wheel_in_tree(self):
        """Into a tree of one's own; it can do all that a venv can."""
        copied = tree.copy_to(self.directory)
        wheel = packages.write_wheel(self.directory)
        tree.run(copied / "bin/pip3", "install", *OFFLINE, wheel)
        self.assertEqual(tree.run(copied / "bin" / "greeting"),
                         f"greetings from {copied}")
        tree.run(copied / "bin/python3", "-m", "pip", "check")

    @tree.requires_tool("sh")
    def test_pip_reinstalls_itself(self):
        """RECORD is right: pip can be replaced and verified."""
        copied = tree.copy_to(self.directory)
        [bundled] = (tree.LIBRARY / "ensurepip/_bundled").glob("pip-*.whl")
        tree.run(copied / "bin/python3", "-m", "pip", "install", *OFFLINE,
                 "--force-reinstall", bundled)
        self.assertRegex(tree.run(copied / "bin/pip3", "--version"),
                         r"^pip \d")

    def test_record(self):
        import base64
        import csv
        import hashlib
        [record] = (tree.LIBRARY / "site-packages").glob(
            "pip-*.dist-info/RECORD")
        listed = set()
        for name, digest, size in csv.reader(
                record.read_text().splitlines()):
            path = record.parent.parent / name
            listed.add(os.path.normpath(path))
            if digest:
                content = path.read_bytes()
                self.assertEqual(len(content), int(size), name)
                self.assertEqual(
                    base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                    .decode().rstrip("="), digest.removeprefix("sha256="))
        self.assertIn(str(tree.BIN / "pip3"), listed)

    @tree.requires_tool("cc")
    def test_extension_module(self):
        env = self.directory / "an environment"
        source = packages.write_source(self.directory)
        tree.run(tree.PYTHON, "-m", "venv", env)
        tree.run(env / "bin/pip", "install", *OFFLINE, source)
        self.assertEqual(
            tree.run(env / "bin/python", "-c",
                     "import compiled; print(compiled.answer())"), "42")


if __name__ == "__main__":
    unittest.main()
