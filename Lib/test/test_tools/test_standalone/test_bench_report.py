"""What `make bench` writes: JSON, a table and a plot."""

import json
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

from standalone.bench import chart, report
from standalone.bench.benchmarks import Benchmark
from standalone.bench.peer import Python
from standalone.bench.ratios import Round
from standalone.bench.size import Size
from standalone.bench.startup import Memory
from standalone.bench.workers import Task
from standalone.core.layout import TOOLS

SVG = "{http://www.w3.org/2000/svg}"
MACHINE = {"processor": "<fast> & new", "processors": 4, "measured_on": 3,
           "kernel": "6.1", "load_before": 0.1, "load_after": 1.0}


def python(label, version="3.13.15"):
    return Python(f"/{label}/python3", label, {
        "version": version, "feature": (3, 13), "build": version,
        "implementation": "cpython", "gil": label != "free",
        "debug": False})


def rounds(speed, count=3, noise=0.01):
    """Rounds in which ours takes a second."""
    return [Round((1.0, 1.0 + noise * number), (speed, speed))
            for number in range(1, count + 1)]


def document(speeds, *, count=3, skipped=(), machine=MACHINE,
             peer="debian"):
    tasks = {Task(Benchmark(name, Path(name), (), (), (3, 0)), 0, name, 8):
             rounds(speed, count) for name, speed in speeds.items()}
    memory = {"-c pass": Memory(9_000_000, 3_000_000)}
    return json.loads(json.dumps(report.document(
        {"ours": python("python-3.13.15-x"), "peer": python(peer)},
        report.Measured(
            tasks, dict(skipped), {"-c pass": rounds(1.25, count)},
            {"ours": memory, "peer": memory},
            {"ours": Size(20, 10, 5, 7), "peer": Size(10, 0, 10, 14)},
            80_000_000, {"a.tar.gz": 28_000_000}),
        {"mode": "quick", "date": "2026-11-26T10:00:00+00:00", "seconds": 9,
         "machine": machine})))


def speeds(count):
    return {f"bench_{number:02}": 0.9 + number / 100
            for number in range(count)}


class DocumentTest(unittest.TestCase):

    def test_shape(self):
        found = document({"nbody": 1.5}, skipped={"dask": "needs dask"})
        self.assertEqual([*found], [
            "schema", "mode", "date", "seconds", "machine", "ours", "peer",
            "speed", "startup", "memory", "size"])
        self.assertEqual(found["schema"], 1)
        self.assertEqual(found["peer"]["label"], "debian")
        speed = found["speed"]
        self.assertEqual(speed["skipped"], {"dask": "needs dask"})
        self.assertEqual(speed["rounds"], 3)
        nbody = speed["benchmarks"]["nbody"]
        self.assertEqual(nbody["loops"], 8)
        self.assertEqual(nbody["peer"], [[1.5, 1.5]] * 3)
        self.assertEqual(nbody["ratio"], speed["ratio"])
        for key in "value", "low", "high":
            self.assertGreater(speed["ratio"][key], 1)
        # Ratios of times are less than 1 if ours is faster.
        time = found["startup"]["-c pass"]["time_ratio"]
        self.assertLess(time["high"], 1)
        self.assertLess(time["low"], time["value"])

    def test_documented(self):
        text = (TOOLS / "docs" / "formats.md").read_text(encoding="utf-8")
        _, _, section = text.partition("\n## Comparisons\n")
        section, _, _ = section.partition("\n## ")
        found = document({"nbody": 1.5})
        keys = {*found, *found["speed"], *found["size"],
                *found["speed"]["benchmarks"]["nbody"],
                *found["startup"]["-c pass"], *found["machine"],
                *found["memory"]["-c pass"]["ours"], *found["size"]["ours"]}
        for key in keys:
            self.assertIn(f"`{key}`", section)


class TableTest(unittest.TestCase):

    def test_extremes(self):
        text = report.table(document(speeds(30)))
        self.assertIn("geometric mean of 30", text)
        slowest, _, fastest = text.partition("the 10 fastest")
        _, _, slowest = slowest.partition("the 10 slowest\n")
        self.assertEqual(slowest.split()[::5],
                         [f"bench_{number:02}" for number in range(10)])
        self.assertIn("bench_29", fastest)
        self.assertNotIn("bench_15", text)

    def test_few_are_all_shown(self):
        text = report.table(document(speeds(20)))
        for name in speeds(20):
            self.assertEqual(text.count(name), 1)

    def test_values(self):
        text = report.table(document({"nbody": 1.5}, skipped={
            "dask": "needs dask"}))
        self.assertIn("python-3.13.15-x and debian (3.13.15): quick", text)
        self.assertRegex(text, r"nbody +1\.485  1\.46\d to 1\.50\d\n")
        self.assertRegex(text, r"ours against itself +0\.980")
        self.assertIn("not run: dask: needs dask", text)
        self.assertRegex(text, r"-c pass +1005\.0 +1250\.0 +0\.808 ")
        self.assertRegex(text, r"-c pass, not shared +3\.0 +3\.0  1\.000\n")
        self.assertIn("our whole tree: 80.0 MB", text)
        self.assertIn("a.tar.gz: 28.0 MB", text)
        self.assertNotIn("load average", text)

    def test_one_round(self):
        text = report.table(document({"nbody": 2.0}, count=1))
        self.assertRegex(text, r"nbody +1\.990\n")

    def test_a_busy_machine(self):
        text = report.table(document({"nbody": 1.5}, machine={
            **MACHINE, "load_before": 2.5}))
        self.assertIn("load average 2.5 before the start", text)


    def test_builds_that_differ(self):
        text = report.table(document({"nbody": 1.5}, peer="free"))
        self.assertIn("\nonly ours has a GIL\n", text)
        self.assertNotIn("debug", text)
        self.assertNotIn("only", report.table(document({"nbody": 1.5})))


class ChartTest(unittest.TestCase):

    def texts(self, root):
        return [element.text for element in root.iter(f"{SVG}text")]

    def test_rows(self):
        names = {**speeds(60), "<odd> & name": 1.7}
        root = ET.fromstring(chart.svg(document(names)))
        texts = self.texts(root)
        self.assertEqual([text for text in texts if text in names], sorted(
            names, key=names.get, reverse=True))
        self.assertEqual(len([*root.iter(f"{SVG}circle")]), 61)
        height = float(root.get("height"))
        for circle in root.iter(f"{SVG}circle"):
            self.assertLess(float(circle.get("cy")), height)

    def test_places(self):
        root = ET.fromstring(chart.svg(document(
            {"slow": 0.5, "same": 1.015, "fast": 2.0})))
        fast, same, slow = root.iter(f"{SVG}circle")
        x = [float(circle.get("cx")) for circle in (slow, same, fast)]
        self.assertEqual(x, sorted(x))
        # The scale is logarithmic: half and double are equally far.
        self.assertAlmostEqual(x[1] - x[0], x[2] - x[1], delta=10)
        self.assertEqual([circle.get("class")
                          for circle in (slow, same, fast)],
                         ["slower", "unsure", "faster"])
        [one] = [line for line in root.iter(f"{SVG}line")
                 if line.get("class") == "one"]
        self.assertLess(abs(float(one.get("x1")) - x[1]), 10)

    def test_ticks(self):
        for values in ((1.0, 1.01), (0.8, 1.3), (0.1, 20.0), (0.001, 1000.0)):
            with self.subTest(values):
                root = ET.fromstring(chart.svg(document(
                    dict(zip("ab", values, strict=True)))))
                lines = [line for line in root.iter(f"{SVG}line")
                         if line.get("class") in ("grid", "one")]
                self.assertTrue(2 <= len(lines) <= 24, len(lines))

    def test_one_round(self):
        root = ET.fromstring(chart.svg(document({"nbody": 2.0}, count=1)))
        self.assertIn("nbody", self.texts(root))
        self.assertIn("mean 1.990", self.texts(root))

    def test_light_and_dark(self):
        text = chart.svg(document({"nbody": 2.0}))
        self.assertIn("prefers-color-scheme: dark", text)
        # Every class that is used has a style.
        root = ET.fromstring(text)
        used = {name for element in root.iter()
                for name in element.get("class", "").split()}
        for name in used:
            self.assertIn(f".{name} {{", text)


if __name__ == "__main__":
    unittest.main()
