"""Test pipeline.timeline, pipeline.waits and pipeline.timeline_chart."""

import contextlib
import io
import itertools
import json
import re
import tempfile
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.pipeline import record, timeline, timeline_chart, waits
from standalone.pipeline.record import Record, Run

from .command_line import CliTest
from .trees import request, small_tree

SVG = "{http://www.w3.org/2000/svg}"
NEEDS = {
    "fetch": (), "plan": ("fetch",), "toolchain": ("plan",),
    "deps-zlib": ("toolchain",), "deps-xz": ("toolchain",),
    "deps-openssl": ("toolchain",), "deps-tk": ("deps-zlib",),
    "source": ("plan",), "cpython": (
        "deps-zlib", "deps-xz", "deps-openssl", "deps-tk", "source"),
    "archive": ("cpython",)}
# A build with two job slots.  Each run: start, end, CPU seconds.
TIMES = {
    "fetch": (0, 2, 1), "plan": (2, 3, 1), "toolchain": (4, 10, 12),
    "source": (4, 7, 3), "deps-zlib": (10.2, 20, 9),
    "deps-xz": (10.2, 80, 35), "deps-openssl": (20.5, 90, 69),
    "deps-tk": (80.3, 85, 4), "cpython": (91, 191, 190),
    "archive": (192, 200, 8)}


def built(times=None, *, fresh=(), end=200.0, cpu=332.0):
    return Record(
        "python-3.13.15-x", "2026-11-26T15:04:05+00:00", 2, NEEDS,
        frozenset(fresh), Run("build", 0.0, end, cpu),
        tuple(Run(title, *numbers) for title, numbers in sorted(
            (times or TIMES).items(), key=lambda item: item[1][0])))


def by_title(found):
    return {bar.run.title: bar for bar in waits.bars(found)}


def critical(found):
    return [bar.run.title for bar in waits.bars(found) if bar.critical]


class WaitsTest(unittest.TestCase):

    def test_what_was_waited_for(self):
        bars = by_title(built())
        self.assertEqual({title: (bar.after, bar.slot)
                          for title, bar in bars.items()}, {
            "fetch": ("", False), "plan": ("fetch", False),
            "toolchain": ("plan", False), "source": ("plan", False),
            "deps-zlib": ("toolchain", False),
            "deps-xz": ("toolchain", False),
            "deps-openssl": ("deps-zlib", True),
            # It could have started a minute before.
            "deps-tk": ("deps-xz", True),
            "cpython": ("deps-openssl", False),
            "archive": ("cpython", False)})

    def test_lanes(self):
        bars = waits.bars(built())
        for lane in range(3):
            ends = [0.0] + [bar.end for bar in bars if bar.lane == lane]
            starts = [bar.run.start for bar in bars if bar.lane == lane]
            for start, end in zip(starts, ends, strict=False):
                self.assertGreaterEqual(start, end)
        self.assertEqual({bar.lane for bar in bars}, {0, 1})
        # As many lanes as ran at once.
        self.assertEqual({bar.lane for bar in waits.bars(built(
            {"a": (0, 9, 1), "b": (1, 9, 1), "c": (2, 9, 1),
             "d": (9, 10, 1)}))}, {0, 1, 2})

    def test_critical_path(self):
        # xz took a moment longer, but that did not need to be so.
        self.assertEqual(critical(built()), [
            "fetch", "plan", "toolchain", "deps-xz", "cpython", "archive"])
        longer = TIMES | {"deps-tk": (20, 90, 4)}
        self.assertEqual(critical(built(longer)), [
            "fetch", "plan", "toolchain", "deps-zlib", "deps-tk", "cpython",
            "archive"])

    def test_critical_path_of_what_ran(self):
        """The path leaves out stages that were up to date."""
        few = {title: TIMES[title] for title in (
            "fetch", "plan", "source", "archive")}
        self.assertEqual(critical(built(few)), ["fetch", "plan", "archive"])
        self.assertEqual(critical(built({"fetch": (0, 2, 1)})), ["fetch"])
        self.assertEqual(waits.bars(built({"fetch": (0, None, None)},
                                          end=None))[0].end, 0)

    def test_not_finished(self):
        killed = {title: numbers for title, numbers in TIMES.items()
                  if title not in ("deps-tk", "cpython", "archive")
                  } | {"deps-openssl": (20.5, None, None)}
        bars = by_title(built(killed, end=None, cpu=None))
        # Up to the last time that is known.
        self.assertEqual(bars["deps-openssl"].end, 80)
        self.assertEqual(by_title(built(killed, end=85.0))
                         ["deps-openssl"].end, 85)
        # Nothing takes its lane, even if nothing is known after that.
        bars = waits.bars(built({"deps-zlib": (0, None),
                                 "deps-xz": (5, None)}, end=None))
        self.assertEqual([bar.lane for bar in bars], [0, 1])


class TableTest(unittest.TestCase):

    def lines(self, found):
        return list(timeline.table(found, waits.bars(found)))

    def test_rows(self):
        title, _, heading, *rows = self.lines(built())
        self.assertEqual(
            title, "python-3.13.15-x, 2026-11-26 15:04 UTC: 200.0 s, on "
                   "average 1.7 of 2 processors used")
        self.assertEqual(heading.split(), ["start", "seconds", "CPU",
                                           "stage", "waited", "for"])
        self.assertEqual(rows[:2] + rows[-4:], [
            "*     0.0      2.0      1.0  fetch",
            "*     2.0      1.0      1.0  plan          fetch",
            "     80.3      4.7      4.0  deps-tk       the job slot of "
            "deps-xz",
            "*    91.0    100.0    190.0  cpython       deps-openssl",
            "*   192.0      8.0      8.0  archive       cpython",
            "* critical path, the longest chain of stages that need each "
            "other: 186.8 s"])
        self.assertEqual(len(rows), len(TIMES) + 1)

    def test_up_to_date(self):
        few = {"fetch": (0, 2, 1), "plan": (2, 3, 1)}
        lines = self.lines(built(few, fresh=NEEDS.keys() - few.keys()))
        self.assertEqual([line for line in lines if "deps" in line], [
            "up to date: toolchain, deps-zlib, deps-xz, deps-openssl, "
            "deps-tk, source,"])
        self.assertEqual(lines[-1], "  cpython, archive")

    def test_failed(self):
        some = {"fetch": (0, 2, 1), "plan": (2, 3, 1),
                "toolchain": (4, 10, 3, True), "source": (4, None)}
        lines = "\n".join(self.lines(built(some, fresh=["deps-xz"],
                                           end=None)))
        self.assertIn("UTC, not finished\n", lines)
        self.assertRegex(lines, r"\n.* 6\.0 +3\.0  toolchain \(failed\) ")
        self.assertRegex(lines, r"\n.* - +-  source \(not finished\) ")
        self.assertIn("\nup to date: deps-xz\n", lines)
        self.assertRegex(lines, r"\nnot reached: deps-zlib, .*archive$")


class ChartTest(unittest.TestCase):

    def root(self, found):
        self.text = timeline_chart.svg(found, waits.bars(found))
        return ET.fromstring(self.text)

    def boxes(self, root):
        """Title -> the rectangle of each stage."""
        return {box.find(f"{SVG}title").text.partition(":")[0]: box
                for box in root.iter(f"{SVG}rect")
                if box.find(f"{SVG}title") is not None}

    def test_bars(self):
        root = self.root(built())
        boxes = self.boxes(root)
        self.assertEqual(set(boxes), set(TIMES))
        labels = [element.text for element in root.iter(f"{SVG}text")]
        for title, box in boxes.items():
            start, end, _ = TIMES[title]
            scale = 960 / 200
            self.assertAlmostEqual(float(box.get("x")), 40 + start * scale,
                                   delta=0.06)
            self.assertAlmostEqual(float(box.get("width")),
                                   (end - start) * scale, delta=0.06)
            self.assertEqual(labels.count(title), 1)
        self.assertEqual({title for title, box in boxes.items()
                          if box.get("class") == "critical"}, {
            "fetch", "plan", "toolchain", "deps-xz", "cpython", "archive"})
        lanes = {title: float(box.get("y")) for title, box in boxes.items()}
        self.assertNotEqual(lanes["deps-xz"], lanes["deps-openssl"])
        self.assertEqual(lanes["deps-openssl"], lanes["deps-zlib"])

    def test_axis(self):
        for end, expected in ((0.5, ["0:00"]), (25, ["0:00", "0:05"]),
                              (200, ["0:00", "0:30"]),
                              (7200, ["0:00", "10:00"])):
            root = self.root(built({"cpython": (0, end, 1)}, end=end))
            ticks = [element.text for element in root.iter(f"{SVG}text")
                     if re.fullmatch(r"\d+:\d\d", element.text)]
            self.assertEqual(ticks[:2], expected)
            self.assertLessEqual(len(ticks), 13)

    def test_processors(self):
        root = self.root(built({"cpython": (0, 100, 150),
                                "deps-xz": (50, 100, 50)}, end=100.0))
        first, second = (box for box in root.iter(f"{SVG}rect")
                         if box.get("class") == "used")
        # 1.5 of them, then one more: above the line.
        self.assertAlmostEqual(float(second.get("height"))
                               / float(first.get("height")), 5 / 3, places=1)
        [limit] = [line for line in root.iter(f"{SVG}line")
                   if line.get("class") == "limit"]
        self.assertGreater(float(limit.get("y1")), float(second.get("y")))
        self.assertLess(float(limit.get("y1")), float(first.get("y")))

    def test_names_are_apart(self):
        times = {f"deps-{number:02}": (number / 10, number / 10 + 0.09, 0.1)
                 for number in range(45)} | {"cpython": (5, 100, 100)}
        root = self.root(built(times, end=100.0))
        names = [float(element.get("x")) for element in
                 root.iter(f"{SVG}text") if element.get("transform")]
        self.assertEqual(len(names), 45)
        for left, right in itertools.pairwise(names):
            self.assertGreater(right - left, 17.8)
        # Also at the right edge.
        late = {title: (start + 95, end + 95, cpu)
                for title, (start, end, cpu) in times.items()
                if title != "cpython"}
        root = self.root(built(late, end=100.0))
        names = [float(element.get("x")) for element in
                 root.iter(f"{SVG}text") if element.get("transform")]
        self.assertTrue(40 < min(names) < max(names) < 1000)

    def test_failed_and_not_finished(self):
        boxes = self.boxes(self.root(built(
            {"toolchain": (0, 1, 1, True), "source": (0, None)}, end=2.0)))
        self.assertEqual({title: box.get("class")
                          for title, box in boxes.items()}, {
            "toolchain": "failed", "source": "critical unfinished"})

    def test_nothing_ran_for_long(self):
        self.boxes(self.root(built({"fetch": (0, None)}, end=None)))
        self.root(Record("x", "2026-11-26T15:04:05+00:00", 2, {},
                         frozenset(), Run("build", 0.0), ()))

    def test_every_class_has_a_style(self):
        root = self.root(built(TIMES | {"archive": (192, None),
                                        "source": (4, 7, 3, True)}))
        used = {name for element in root.iter()
                for name in element.get("class", "").split()}
        for name in used:
            self.assertRegex(self.text, rf"\.{name}[,\s].*\{{")


class CommandTest(CliTest):

    def test_no_build(self):
        tree = self.tree()
        done = self.build(f"--cpython={tree}", command="timeline")
        text = self.assertFails(done, 2, f"OUT={self.out} has no build of "
                                "python-3.13.99-", "run `make standalone`")
        self.assertTrue(text.startswith("standalone: error: "), text)
        self.assertUntouched()
        done = self.make("standalone-timeline", "OPTIONS=bolt",
                         f"OUT={self.out}")
        self.assertFails(done, 2, "'bolt'")

    def test_after_a_build_that_failed(self):
        """It fetches nothing, but that is recorded."""
        tree = self.tree()
        self.assertFails(self.build(f"--cpython={tree}"), 3)
        done = self.make("standalone-timeline", f"CPYTHON={tree}",
                         f"OUT={self.out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\A\S+, [\d-]+ [\d:]+ UTC, failed: ")
        self.assertRegex(done.stdout, r"(?m)^\* +[\d. ]+ +fetch \(failed\)$")
        path = Path(done.stdout.splitlines()[-1])
        self.assertEqual(path.parent, self.out)
        self.assertRegex(path.name, r"\Atimeline-python-3\.13\.99-.*\.svg\Z")
        self.assertEqual(ET.parse(path).getroot().tag, f"{SVG}svg")
        # A build with other options is another one.
        done = self.build(f"--cpython={tree}", "--options=lto",
                          command="timeline")
        self.assertFails(done, 2, "3.13.99-pgo+lto in ")


class DrawTest(unittest.TestCase):

    def test_a_damaged_record(self):
        top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        config = request(small_tree(top / "tree"), top / "out")
        place = record.place(config.layout)
        with record.build(place, "x"):
            pass
        with contextlib.redirect_stdout(io.StringIO()) as out:
            timeline.draw(config)
        self.assertIn("timeline-x.svg\n", out.getvalue())
        (place / "about.json").write_text(json.dumps({"name": "x"}))
        with self.assertRaisesRegex(UsageError, "is damaged"):
            timeline.draw(config)


if __name__ == "__main__":
    unittest.main()
