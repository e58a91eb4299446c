"""Test testing.reproduce: what is different, and that it is seen.

Two whole builds are what `make check` does with it.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
import unittest
import unittest.mock
from dataclasses import replace
from pathlib import Path

from standalone.archives import writer
from standalone.archives.mounts import Mount
from standalone.archives.writer import Spec
from standalone.core import layout
from standalone.testing import check, reproduce
from standalone.testing.results import Counts

from . import children
from .trees import request, small_tree
from .writing import EPOCH, FILES, NAME, lay

PROBE = """
import json, locale, os, time
print(json.dumps({
    "user": os.getuid(), "host name": os.uname().nodename,
    "date": time.time(), "zone": time.timezone, "name": os.environ["USER"],
    "umask": os.umask(0), "locale": os.environ["LC_ALL"],
    "home": os.path.expanduser("~"), "variables": sorted(os.environ)}))
"""


class SecondTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.top.chmod(0o755)
        self.second = reproduce._second(self.top)

    def probe(self):
        return json.loads(children.run(
            [*self.second.argv, "-c", PROBE], env=self.second.env, cwd="/",
            umask=reproduce._UMASK, capture_output=True, check=True).stdout)

    def test_what_is_different(self):
        found = self.probe()
        changed = self.second.changed
        self.assertEqual(found["user"] != os.getuid(), "user" in changed)
        self.assertEqual(found["host name"] != os.uname().nodename,
                         "host name" in changed)
        self.assertEqual(abs(found["date"] - time.time()) > 86400,
                         "date" in changed)
        self.assertEqual(found["umask"], 0o077)
        self.assertEqual(found["zone"], -13.75 * 3600)
        self.assertEqual(found["name"], "somebody")
        self.assertEqual(found["home"], str(self.top / "home"))
        self.assertNotEqual(found["locale"], os.environ.get("LC_ALL"))

    def test_nothing_else_is_passed_on(self):
        with unittest.mock.patch.dict(os.environ, {"CFLAGS": "-O0"}):
            variables = {*self.probe()["variables"]} - {*self.second.env}
        self.assertNotIn("CFLAGS", variables)

    def test_the_copied_tools_are_whole(self):
        reproduce._tools(self.top / "tools")
        here = self.second.env | {"PYTHONPATH": str(layout.TOOLS.parent)}
        there = self.second.env             # PYTHONPATH leads to the copy
        ours, copied = (children.run(
            [sys.executable, "-c",
             "from standalone.cpython import overlay\n"
             "from standalone.sources import pins\n"
             "print(overlay.edits(), pins.load())"], env=env, cwd="/",
            capture_output=True, check=True).stdout for env in (here, there))
        self.assertEqual(ours, copied)

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_a_commit_is_copied_with_its_changes(self):
        tree, copy = lay(self.top / "ein Baum", FILES), self.top / "copy"

        def git(where, *argv):
            return children.run(
                ["git", "-C", where, "-c", "user.name=x", "-c",
                 "user.email=x", *argv], capture_output=True, text=True,
                check=True).stdout

        git(tree, "init")
        git(tree, "add", ".")
        git(tree, "commit", "-m", "one")
        (tree / "lib/a.py").write_text("changed")
        (tree / "bin/python3").unlink()
        (tree / "new").write_text("")
        reproduce._tree(tree, copy, ())
        for argv in (["rev-parse", "HEAD"], ["status", "--porcelain"]):
            self.assertEqual(git(tree, *argv), git(copy, *argv))
        self.assertEqual((copy / "lib/a.py").read_text(), "changed")

    def test_what_is_copied_of_a_tree(self):
        tree = small_tree(self.top / "tree")
        for name in "Doc/license.rst", "Doc/Makefile", "Doc/c-api/list.rst":
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text("")
        names = reproduce._read(request(tree, tree / "dist"))
        self.assertIn("configure", names)
        self.assertEqual([name for name in names if name.startswith("Doc/")],
                         ["Doc/license.rst"])
        reproduce._tree(tree, self.top / "copy", names)
        self.assertTrue((self.top / "copy/Doc/license.rst").is_file())

    def test_what_make_check_compares(self):
        """noopt builds in another directory, instead of the default."""
        tree, out = small_tree(self.top / "tree"), self.top / "out"
        quick = check._quick(request(tree, out, options="pgo+lto+gpl"))
        self.assertEqual(quick.options, "noopt+gpl")
        self.assertTrue(quick.layout.out.is_relative_to(out / "work/check"))
        for options in "noopt", "debug", "lto":
            config = request(tree, out, options=options)
            self.assertEqual(check._quick(config), config)

    def test_what_is_fetched(self):
        """CPython only if it is pinned, which a tree's version may not be."""
        tree = small_tree(self.top / "tree", "3.14.99")
        config = request(tree, self.top / "out")
        fetched = {pin.name for pin in reproduce._fetched(config)}
        self.assertIn("zlib", fetched)
        self.assertNotIn("cpython", fetched)
        pinned = replace(config, cpython="3.13.15")
        with unittest.mock.patch.object(type(pinned), "pristine", tree):
            self.assertIn("cpython", {
                pin.name for pin in reproduce._fetched(pinned)})

    @unittest.skipIf(os.geteuid(), "needs root")
    def test_root_can_change_the_user(self):
        self.assertIn("user", self.second.changed)

    def test_the_clock_reaches_what_is_run(self):
        from standalone.core import process
        with unittest.mock.patch.dict(os.environ, {
                "LD_PRELOAD": "libfaketime.so.1", "FAKETIME": "+1d"}):
            self.assertEqual(process.environment()["FAKETIME"], "+1d")
            self.assertIn("LD_PRELOAD", process.environment())
            del os.environ["FAKETIME"]
            self.assertNotIn("LD_PRELOAD", process.environment())


class CompareTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        tree = small_tree(self.dir / "tree")
        self.config = request(tree, self.dir / "out")
        self.second = reproduce._second(self.dir / "top")
        # It would take a while for nothing.
        self.enterContext(unittest.mock.patch.dict(os.environ, PATH=""))

    def compare(self, first, second):
        names = []
        for out, files in ((self.config.layout.out, first),
                           (self.second.out, second)):
            tree = lay(Path(tempfile.mkdtemp(dir=self.dir)), files)
            names = [made.path.name for made in writer.archive(
                [Spec(NAME, (Mount(tree),), {"gz": 1, "zst": 1})], out,
                EPOCH)]
        with contextlib.redirect_stdout(io.StringIO()) as output:
            counts = reproduce._compare(self.config, self.second,
                                        [*names, "SHA256SUMS"])
        return counts, output.getvalue()

    def test_the_same(self):
        counts, said = self.compare(FILES, FILES)
        self.assertEqual(counts, Counts(3))
        self.assertIn(f"{NAME}.tar.zst: the same\n", said)
        self.assertFalse(reproduce._kept(self.config.layout).exists())

    def test_different(self):
        counts, said = self.compare(FILES, FILES | {"lib/a.py": "b"})
        self.assertEqual(counts, Counts(failed=3))
        self.assertIn(f"{NAME}.tar.zst: differs\n"
                      "  python/lib/a.py: differs from line 1\n"
                      "      first:  'a'\n      second: 'b'\n", said)
        self.assertIn("diffoscope is not installed", said)
        kept = reproduce._kept(self.config.layout)
        self.assertTrue((kept / f"{NAME}.tar.gz").exists())

    def test_not_made(self):
        self.config.layout.out.mkdir()
        self.second.out.mkdir(parents=True)
        (self.config.layout.out / "index.json").write_text("{}")
        with contextlib.redirect_stdout(io.StringIO()) as output:
            counts = reproduce._compare(self.config, self.second,
                                        ["index.json"])
        self.assertEqual(counts, Counts(failed=1))
        self.assertIn("index.json: differs\n  the second build did not make",
                      output.getvalue())


if __name__ == "__main__":
    unittest.main()
