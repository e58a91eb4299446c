"""Tests of the templates of scripts: rendered, laid out, run by shells."""

import os
import shlex
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core import render

from . import children

BODY = """\
import json, sys
print(json.dumps([__file__, sys.argv, sys.orig_argv[0]]))"""

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox")
          if shutil.which(shell)]
# What people call directories; a shell splits or expands some of it.
AWKWARD = ("plain", "two words", "new\nline", "$HOME `id` *", "it's \"q\"",
           "-n", "ü mlaut", "back\\slash", "trailing ")


class ScriptTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def lay(self, name, script, text):
        """A tree called *name* with bin/python3.x and bin/*script*."""
        directory = self.dir / name / "bin"
        directory.mkdir(parents=True)
        (directory / "python3.x").symlink_to(sys.executable)
        path = directory / script
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def run_script(self, *argv, cwd=None, path=None):
        env = {"PATH": f"{path}:{os.defpath}" if path else os.defpath}
        done = children.run([*map(str, argv)], cwd=cwd or "/", env=env,
                            text=True, capture_output=True)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        return done.stdout


class LauncherTest(ScriptTest):

    def tool(self, name="tree", script="tool"):
        return self.lay(name, script, render.render(
            "launcher.j2", interpreter="python3.x", body=BODY))

    def assertRuns(self, tree, *argv, **kwargs):
        """Run with awkward arguments, by the interpreter of *tree*."""
        scope = {}
        extra = ["two words", "", "*", "-c", "it's"]
        exec("result = " + self.run_script(*argv, *extra, **kwargs), scope)
        cwd = kwargs.get("cwd", "/")
        file, seen, interpreter = scope["result"]
        self.assertEqual(seen[1:], extra)
        self.assertTrue(os.path.samefile(os.path.join(cwd, seen[0]), file))
        self.assertTrue(os.path.samefile(
            os.path.dirname(os.path.join(cwd, interpreter)), tree / "bin"))

    def test_is_python_as_well(self):
        path = self.tool()
        compile(path.read_text(), str(path), "exec")
        exec("result = " + self.run_script(sys.executable, path), {})

    def test_every_directory(self):
        for name in AWKWARD:
            with self.subTest(name):
                path = self.tool(name)
                tree = path.parents[1]
                self.assertRuns(tree, path)
                self.assertRuns(tree, "./tool", cwd=path.parent)
                self.assertRuns(tree, "bin/tool", cwd=tree)
                self.assertRuns(tree, "tool", path=path.parent)

    def test_every_shell(self):
        path = self.tool("two words")
        tree = path.parents[1]
        for shell in SHELLS:
            command = [shell, "sh"] if shell == "busybox" else [shell]
            with self.subTest(shell):
                self.assertRuns(tree, *command, path)
                self.assertRuns(tree, *command, "bin/tool", cwd=tree)
                # Without a slash: from here, not from PATH.
                self.assertRuns(tree, *command, "tool", cwd=path.parent)

    def test_every_link(self):
        path = self.tool("two words")
        tree = path.parents[1]
        links = self.dir / "other links" / "deep"
        links.mkdir(parents=True)
        (links / "absolute").symlink_to(path)
        (links / "relative").symlink_to("../../two words/bin/tool")
        (links.parent / "chain").symlink_to("deep/relative")
        (self.dir / "start").symlink_to(links.parent / "chain")
        (path.parent / "beside").symlink_to("tool")
        (self.dir / "dir").symlink_to("two words/bin")
        for link in (links / "absolute", links / "relative",
                     links.parent / "chain", self.dir / "start",
                     path.parent / "beside", self.dir / "dir" / "tool"):
            with self.subTest(link.name):
                self.assertRuns(tree, link)
                self.assertRuns(tree, f"./{link.name}", cwd=link.parent)
                self.assertRuns(tree, link.name, path=link.parent)

    def test_a_link_through_a_linked_directory(self):
        # "..", then, is not the directory that the name shows.
        path = self.tool()
        far = self.dir / "far" / "away"
        far.mkdir(parents=True)
        (far / "link").symlink_to("../../tree/bin/tool")
        (self.dir / "near").symlink_to(far)
        self.assertRuns(path.parents[1], self.dir / "near" / "link")

    def test_script_with_an_awkward_name(self):
        for name in "two words", "ü$x", "it's":
            path = self.tool(f"tree of {name}", name)
            self.assertRuns(path.parents[1], path)


class PythonConfigTest(ScriptTest):

    def setUp(self):
        super().setUp()
        self.path = self.lay("two words", "python-config", render.render(
            "python-config.j2", libs="-ldl -lm",
            embed_libs="-lpython3.x -ldl -lm", include="python3.x",
            cflags="-O3 -Wall", suffix=".x.so", abiflags="d",
            configdir="lib/python3.x/config-3.x"))
        self.tree = self.path.parents[1]

    def test_options(self):
        tree = self.tree
        for options, wanted in {
                "--prefix": f"{tree}\n", "--exec-prefix": f"{tree}\n",
                "--includes": f"-I'{tree}'/include/python3.x\n",
                "--cflags": f"-I'{tree}'/include/python3.x -O3 -Wall\n",
                "--libs": "-ldl -lm\n",
                "--ldflags": f"-L'{tree}'/lib -ldl -lm\n",
                "--libs --embed": "-lpython3.x -ldl -lm\n",
                "--embed --ldflags":
                    f"-L'{tree}'/lib -lpython3.x -ldl -lm\n",
                "--extension-suffix --abiflags": ".x.so\nd\n",
                "--configdir": f"{tree}/lib/python3.x/config-3.x\n"}.items():
            with self.subTest(options):
                self.assertEqual(
                    self.run_script(self.path, *options.split()), wanted)

    def test_quoting(self):
        """As little as possible, and what a shell understands."""
        for name in "plain", "ü", "a b", "it's", '"', "$x", "back\\slash":
            path = self.lay(name, "python-config", self.path.read_text())
            tree = path.parents[1]
            for shell in SHELLS:
                said = self.run_script(
                    *(("busybox", "sh") if shell == "busybox" else (shell,)),
                    path, "--includes")
                with self.subTest(name, shell=shell):
                    self.assertEqual("'" in said, name not in ("plain", "ü"))
                    self.assertEqual(shlex.split(said),
                                     [f"-I{tree}/include/python3.x"])

    def test_archive(self):
        """--static is for those who have it."""
        done = children.run([self.path, "--static", "--ldflags"],
                            text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("full archive", done.stderr)
        config = self.tree / "lib/python3.x/config-3.x"
        config.mkdir(parents=True)
        (config / "libpython3.x.a").touch()
        self.assertEqual(
            self.run_script(self.path, "--static", "--ldflags"),
            f"-L'{self.tree}'/lib/python3.x/config-3.x -Wl,--export-dynamic "
            "-lpython3.x -ldl -lm\n")

    def test_through_a_link(self):
        link = self.dir / "link"
        link.symlink_to("two words/bin/python-config")
        self.assertEqual(self.run_script(link, "--prefix"), f"{self.tree}\n")

    def test_usage(self):
        self.assertIn("--embed", self.run_script(self.path, "--help"))
        for options in [], ["--unknown"], ["--libs", "extra"]:
            done = children.run([self.path, *options], text=True,
                                capture_output=True)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stdout, "")
            self.assertIn("Usage: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
