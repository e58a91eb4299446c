"""Tests of the table of stages, of the graph that make reads, and of what
`standalone plan` and `standalone why` say.  No stage is run."""

import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.layout import ROOT, TOOLS
from standalone.pipeline import closure, explain, plan, stages

from . import children
from .trees import request, small_tree

# Says so where it is run, and would make no output.
RUNS = "#!/bin/sh\necho run >> ran\n"


class TableTest(unittest.TestCase):

    def test_every_stage_has_a_module(self):
        for name, stage in stages.STAGES.items():
            self.assertEqual(stage.name, name)
            self.assertIn("run", {
                line.partition("(")[0].removeprefix("def ")
                for line in closure.path_of(stage.code).read_text(
                    encoding="utf-8").splitlines()
                if line.startswith("def ")})

    def test_closures_are_not_tangled(self):
        # One edit there would build thirty dependencies anew.
        reached = closure.modules("pipeline.dependencies")
        self.assertEqual(reached & {
            "request", "sources.host", "platforms.targets", "sources.pins",
            "toolchain.compilers", "pipeline.plan"}, set())
        self.assertFalse([name for name in reached
                          if name.startswith("recipes.")])


class GraphTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config = request(small_tree(self.dir / "tree"),
                              self.dir / "out")
        plan.write(self.config)
        self.layout = self.config.layout
        self.work = self.layout.work
        self.python = self.dir / "python"
        self.python.write_text(RUNS)
        self.python.chmod(0o755)

    def make(self, *argv):
        env = {name: value for name, value in os.environ.items()
               if "MAKE" not in name}
        return children.run(
            ["make", "-C", self.work, "-f", TOOLS / "graph.mk",
             "--no-print-directory", *argv,
             f"STANDALONE_PYTHON={self.python}"], env=env,
            capture_output=True, text=True)

    def files(self):
        return {path: path.lstat().st_mtime_ns
                for path in self.dir.rglob("*")}

    def outputs(self):
        """Title of a task -> its output's .key, relative to work/."""
        return {task.title: str((task.stage.output(
            self.layout, task.dependency) / stamp.KEY).relative_to(self.work))
            for task in stages.tasks(self.config.recipes)}

    def test_edges(self):
        # What make has understood: "output: key | other outputs".
        database = self.make("-pqrR").stdout
        outputs = self.outputs()
        titles = {path: title for title, path in outputs.items()}
        rules = dict(re.findall(r"(?m)^([^#\s:]+/\.key):(.*)$", database))
        self.assertEqual(set(rules), set(titles))
        for task in stages.tasks(self.config.recipes):
            own, _, needed = rules[outputs[task.title]].partition("|")
            self.assertEqual({titles[path] for path in needed.split()},
                             set(task.needs), task.title)
            self.assertEqual(
                (self.work / own.strip()).read_text(),
                plan.read(self.layout, task.stage.name, task.dependency))

    def test_key_of_the_toolchain_alone(self):
        # relink wants it, without a plan.
        self.assertEqual(plan.toolchain(self.config),
                         plan.read(self.layout, "toolchain"))

    def test_keys_can_be_read(self):
        text = plan.read(self.layout, "deps", "zlib")
        self.assertIn('\n "code recipes/__init__.py": "', text)
        self.assertGreater(text.count("\n"), 10)

    def test_no_such_stage(self):
        for words in (["nothing"], ["deps"], ["deps", "nothing"],
                      ["setup", "zlib"]):
            with (self.subTest(words),
                  self.assertRaises(UsageError) as caught):
                plan.read(self.layout, *words)
            self.assertIn(repr(" ".join(words)), caught.exception.message)
            hint = caught.exception.hint.replace("\n", " ")
            for name in "toolchain", "deps zlib", "cpython", "archive":
                self.assertIn(f" {name}", hint)

    def test_what_builds_share(self):
        planned = plan.parts(self.config)

        def same(**words):
            found = plan.parts(request(self.dir / "tree", self.dir / "out",
                                       **words))
            return {title for title in found
                    if found[title] == planned.get(title)}

        shared = {title for title in planned
                  if title.startswith(("toolchain", "deps-"))}
        self.assertEqual(same(options="lto"), shared | {"source"})
        self.assertEqual(same(options="noopt+gpl"),
                         shared - {"deps-libedit"} | {"source"})
        self.assertEqual(same(target="x86_64_v3-unknown-linux-gnu"),
                         {"source"})

    def test_what_does_not_depend_on_the_directory(self):
        # The user's other builds copy these from the cache.
        planned = plan.parts(self.config)
        moved = plan.parts(request(self.dir / "tree", self.dir / "elsewhere"))
        same = {title for title in planned if planned[title] == moved[title]}
        self.assertEqual(same, {"source", *(
            title for title in planned if title.startswith("deps-"))})
        self.assertEqual(
            {part for part in planned["toolchain"]
             if planned["toolchain"][part] != moved["toolchain"][part]},
            {"directory"})

    def test_needs_come_first(self):
        before = set()
        for task in stages.tasks(self.config.recipes):
            self.assertLessEqual(set(task.needs), before, task.title)
            before.add(task.title)

    def test_one_word(self):
        # In the table, in the makefile, in the plan.
        said = re.findall(r"\$\(STAGE\) (\w+)",
                          (TOOLS / "graph.mk").read_text())
        self.assertEqual(said, list(stages.STAGES))
        directories = {"cpython": "install", "relocate": "tree"}
        for title, path in self.outputs().items():
            self.assertEqual(
                Path(path).parent.as_posix().replace("deps/", "deps-")
                .rpartition("/")[2], directories.get(title, title))

    def test_dry_run(self):
        before = self.files()
        for flags in (["-n"], ["-n", "-j4"], ["-ns"], ["-q"]):
            done = self.make(*flags)
            self.assertEqual(done.returncode, "-q" in flags, done.stderr)
            self.assertEqual(self.files(), before)
            if "-q" not in flags:
                for task in stages.tasks(self.config.recipes):
                    words = [task.stage.name, *filter(None,
                                                      [task.dependency])]
                    self.assertIn(f"standalone stage {' '.join(words)}\n",
                                  done.stdout)
        # The stages do run without -n; no output makes make wait for more.
        self.make("-k")
        ran = (self.work / "ran").read_text().splitlines()
        self.assertEqual(len(ran), len(self.outputs()))

    def test_a_stage_draws_from_the_jobserver(self):
        self.python.write_text(
            "#!/bin/sh\necho \"$4 $MAKEFLAGS\" >> ran\n")
        self.make("-j3")
        seen = dict(line.split(" ", 1) for line in (
            self.work / "ran").read_text().splitlines())
        for stage in "deps", "cpython":
            self.assertIn("--jobserver", seen[stage])

    def test_dry_run_of_the_front(self):
        target = self.dir / "elsewhere"
        for name in ("standalone", "standalone-check", "standalone-respin",
                     "standalone-reproduce"):
            for flags in ["-n"], ["-n", "-j2"], ["-q"]:
                done = children.run(
                    ["make", *flags, "-f", ROOT / "Makefile.standalone",
                     name, f"OUT={target}", f"PYTHON3={self.python}"],
                    cwd=self.dir, capture_output=True, text=True)
                self.assertFalse((self.dir / "ran").exists(), name)
                self.assertFalse(target.exists())
                if "-n" in flags:
                    self.assertRegex(done.stdout, rf"-m standalone "
                                     rf"{name.split('-')[-1][:5]}|build")

    def make_all(self):
        """Outputs with the planned keys, and nothing else in them."""
        planned = plan.parts(self.config)
        for task in stages.tasks(self.config.recipes):
            output = task.stage.output(self.layout, task.dependency)
            with stamp.output_dir(output, plan.text(planned[task.title])):
                pass
            os.utime(output / stamp.KEY)
        return planned

    def test_up_to_date(self):
        self.make_all()
        self.assertEqual(self.make("-n").stdout.strip(),
                         "make: Nothing to be done for 'graph'.")
        self.assertEqual({line.split(None, 1)[1]
                          for line in explain.listing(self.config)},
                         {"up to date"})

    def why(self, *argv):
        return list(explain.why(self.config, *argv))

    def test_why(self):
        planned = self.make_all()
        self.assertEqual(self.why("deps", "zlib"), ["deps-zlib: up to date"])
        old = dict(planned["deps-zlib"], **{
            "environment SOURCE_DATE_EPOCH": "1", "commands": "0" * 64,
            "code gone.py": "1" * 64})
        output = self.config.layout.dep("zlib") / stamp.KEY
        output.write_text(plan.text(old))
        new = planned["deps-zlib"]["commands"][:12]
        labels = ["code gone.py", "commands", "environment SOURCE_DATE_EPOCH"]
        zlib = [f"deps-zlib: changed: {', '.join(labels)}",
                "  code gone.py: 111111111111 -> -",
                f"  commands: 000000000000 -> {new}",
                "  environment SOURCE_DATE_EPOCH: 1 -> 0"]
        self.assertEqual(self.why("deps", "zlib"), zlib)
        self.assertIn(zlib[0].split(None, 1)[1],
                      [line.split(None, 1)[1]
                       for line in explain.listing(self.config)])
        # What needs it says so, and leads there.
        key = self.config.layout.dep("freetype") / stamp.KEY
        key.write_text(plan.text(planned["deps-freetype"]
                                 | {"needs deps-zlib": "other"}))
        self.assertEqual(self.why("deps", "freetype"), [
            "deps-freetype: changed: needs deps-zlib",
            "  needs deps-zlib: see below", *zlib])

    def test_why_without_parts(self):
        output = self.config.layout.stage("source")
        self.assertEqual(self.why("source", None), ["source: not made"])
        output.mkdir(parents=True)
        (output / stamp.KEY).write_text("0" * 64)
        self.assertEqual(self.why("source", None), [
            "source: made by an older version, which did not record "
            "the parts"])

    def test_why_what(self):
        for argv, message in ((("deps", None), "needs the name of"),
                              (("deps", "gdbm"), "no stage deps gdbm"),
                              (("source", "zlib"), "no stage source zlib")):
            with self.assertRaisesRegex(UsageError, message) as caught:
                self.why(*argv)
            self.assertIn("zlib", caught.exception.hint)

    def test_not_fetched(self):
        config = request(Path("3.13.15"), self.dir / "new")
        with self.assertRaisesRegex(UsageError, "3.13.15 is not in"):
            list(explain.listing(config))
        self.assertFalse((self.dir / "new").exists())

    def test_command_line(self):
        env = {**os.environ, "PYTHONPATH": str(TOOLS.parent)}
        before = self.files()
        for argv in ["plan"], ["why", "cpython"]:
            done = children.run(
                [sys.executable, "-m", "standalone", *argv,
                 f"--cpython={self.config.cpython}",
                 f"--out={self.config.out}"], env=env,
                capture_output=True, text=True, check=True)
            self.assertRegex(done.stdout, r"(?m)^cpython:? +not made$")
        self.assertEqual(self.files(), before)


if __name__ == "__main__":
    unittest.main()
