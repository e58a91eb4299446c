"""Test pipeline.record, with stages in processes of their own."""

import json
import os
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.layout import TOOLS
from standalone.pipeline import plan, record, stages

from . import children
from .trees import request, small_tree

# A stage named by its argument.  The body does what stdin says.
STAGE = """\
import sys
from standalone.pipeline import record
with record.stage(sys.argv[1]):
    print("started", flush=True)
    exec(sys.stdin.read())
"""
# Uses the processor in a child, as compilers do.
BURN = """\
import subprocess, sys
subprocess.run([sys.executable, "-c", '''
import time
while time.process_time() < 0.3:
    pass
'''], check=True)
"""
# The graph of the request that plan.write() has saved.
GRAPH = """\
import sys
from pathlib import Path
from standalone import request
from standalone.pipeline import driver, record
config = request.load(Path(sys.argv[1]))
place = record.place(config.layout)
with record.build(place, "x"), driver.lock(config.layout) as lock:
    driver._record_plan(config, place)
    driver._graph(config.layout.work, 1, lock, place, "graph")
"""


class RecordTestCase(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.place = self.top / "record"

    def environment(self, **variables):
        env = {**os.environ, "PYTHONPATH": str(TOOLS.parent),
               "PYTHONDONTWRITEBYTECODE": "1", **variables}
        return {name: value for name, value in env.items() if value}

    def stage(self, title, body, place=None):
        return children.run(
            [sys.executable, "-c", STAGE, title], input=body, text=True,
            capture_output=True, env=self.environment(**{
                record.VARIABLE: str(place or self.place)}))

    def runs(self):
        return {run.title: run for run in record.read(self.place).runs}

    def files(self):
        return sorted(path.relative_to(self.place).as_posix()
                      for path in self.place.rglob("*") if path.is_file())


class RecordTest(RecordTestCase):

    def test_stages(self):
        before = time.monotonic()
        with record.build(self.place, "python-3.13.15-x"):
            with record.run(self.place, "fetch"):
                pass
            record.planned(self.place, {"fetch": (), "deps-zlib": ["fetch"],
                                        "archive": ("deps-zlib",)},
                           ["archive"])
            self.stage("deps-zlib", BURN)
            self.stage("deps-xz", "")
        took = time.monotonic() - before
        found = record.read(self.place)
        self.assertEqual([run.title for run in found.runs],
                         ["fetch", "deps-zlib", "deps-xz"])
        self.assertEqual(found.needs, {
            "fetch": (), "deps-zlib": ("fetch",), "archive": ("deps-zlib",)})
        self.assertEqual(found.fresh, {"archive"})
        self.assertEqual(found.whole.start, 0)
        self.assertTrue(0 < found.whole.seconds <= took)
        last = 0
        for run in found.runs:
            self.assertTrue(last <= run.start <= run.end
                            <= found.whole.end, run)
            self.assertEqual(run.state, "")
            last = run.end
        zlib, xz = found.runs[1:]
        # What a child of a stage uses counts, and for the build too.
        self.assertGreater(zlib.cpu, 0.29)
        self.assertLess(xz.cpu, zlib.cpu)
        self.assertGreater(found.whole.cpu, zlib.cpu)
        self.assertIn("python-3.13.15-x, 20", found.title)
        self.assertIn(f"{found.whole.seconds:.1f} s, on average", found.title)

    def test_killed(self):
        with self.assertRaises(KeyboardInterrupt), record.build(
                self.place, "x"):
            with children.Child(
                    [sys.executable, "-c", STAGE, "cpython"], text=True,
                    stdin=-1, stdout=-1, env=self.environment(**{
                        record.VARIABLE: str(self.place)})) as child:
                self.assertEqual(child.stdout.readline(), "started\n")
                self.assertEqual(self.runs()["cpython"].state,
                                 "not finished")
                # The build has not ended either.
                self.assertIn("not finished", record.read(self.place).title)
                child.send_signal(signal.SIGKILL)
                child.wait(children.DEADLINE)
            raise KeyboardInterrupt
        run = self.runs()["cpython"]
        self.assertEqual((run.end, run.seconds, run.cpu, run.state),
                         (None, None, None, "not finished"))
        self.assertEqual(self.files(), [
            "about.json", "ran/build.json", "ran/cpython.json"])
        self.assertEqual(record.read(self.place).whole.state, "failed")

    def test_failed(self):
        with record.build(self.place, "x"):
            done = self.stage("deps-xz", "raise SystemExit(7)")
        self.assertEqual(done.returncode, 7)
        self.assertEqual(self.runs()["deps-xz"].state, "failed")

    def test_the_next_build_starts_anew(self):
        with record.build(self.place, "first"):
            self.stage("deps-zlib", "")
        with record.build(self.place, "second"):
            self.assertEqual(self.runs(), {})
            self.assertEqual(record.read(self.place).name, "second")
        self.assertEqual(self.runs(), {})

    def test_by_hand(self):
        with record.build(self.place, "x"):
            pass
        before = self.files()
        done = children.run(
            [sys.executable, "-c", STAGE, "source"], input="", text=True,
            capture_output=True,
            env=self.environment(**{record.VARIABLE: ""}))
        self.assertEqual((done.returncode, done.stdout), (0, "started\n"))
        self.assertEqual(self.files(), before)

    def test_builds_in_one_directory(self):
        tree = small_tree(self.top / "tree")
        places = {record.place(request(tree, self.top, options=options,
                                       toolchain=toolchain).layout)
                  for options, toolchain in (
                      ("noopt", "zig"), ("lto", "zig"), ("noopt", "gcc"))}
        self.assertEqual(len(places), 3)

    def test_none(self):
        with self.assertRaises(FileNotFoundError):
            record.read(self.place)

    def test_damaged(self):
        for name in "about.json", "planned.json", "ran/zlib.json":
            for text in ("", "[]", "{", '{"start": 1}', '{"title": "x"}',
                         "\0"):
                with record.build(self.place, "x"):
                    record.planned(self.place, {}, [])
                (self.place / name).write_text(text)
                with (self.subTest(name, text=text),
                      self.assertRaisesRegex(UsageError, "is damaged: ")):
                    record.read(self.place)
        (self.place / "ran/build.json").unlink()
        with self.assertRaisesRegex(UsageError, "is damaged: "):
            record.read(self.place)


class DriverTest(RecordTestCase):
    """The real graph, which fails for want of a compiler."""

    def test_graph(self):
        config = request(small_tree(self.top / "tree"), self.top / "out")
        layout = config.layout
        layout.host.mkdir(parents=True)
        place = record.place(layout)
        self.place = place
        plan.write(config)
        # Setup is up to date, as the plan says.
        setup = layout.stage("setup")
        setup.mkdir(parents=True)
        (setup / stamp.KEY).write_text(plan.read(layout, "setup"))
        done = children.run(
            [sys.executable, "-c", GRAPH, layout.work], text=True,
            capture_output=True, env=self.environment())
        self.assertIn("StageFailed", done.stderr)
        self.assertIn("standalone: error: ", done.stderr)
        found = record.read(place)
        self.assertEqual({run.title: run.state for run in found.runs},
                         {"toolchain": "failed"})
        self.assertEqual(found.fresh, {"setup"})
        self.assertEqual(found.whole.state, "failed")
        tasks = list(stages.tasks(config.recipes))
        self.assertEqual(list(found.needs), [
            "fetch", "plan", *(task.title for task in tasks)])
        self.assertEqual(found.needs["toolchain"], ("plan",))
        self.assertEqual(found.needs["setup"], ("source",))
        for path in place.rglob("*.json"):
            self.assertIsInstance(json.loads(path.read_text()), dict)


if __name__ == "__main__":
    unittest.main()
