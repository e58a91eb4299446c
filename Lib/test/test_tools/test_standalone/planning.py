"""Edit a copy of the checkout, and compare the parts of the plan."""

import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core.layout import ROOT, TOOLS
from standalone.cpython import overlay

from . import children
from .trees import small_tree

# Modules that no output depends on: they order the work, and look at what
# was made.
NO_OUTPUT = {
    "__main__", "archives.compare", "archives.full_archive", "bench",
    "bench.benchmarks", "bench.chart", "bench.clock", "bench.comparison",
    "bench.peer", "bench.ratios", "bench.report", "bench.size",
    "bench.startup", "bench.system", "bench.workers",
    "cpython.overlay_command", "cpython.purposes", "cpython.series",
    "formats.debian_version", "formats.svg",
    "pipeline.closure", "pipeline.driver", "pipeline.explain",
    "pipeline.hidden_work", "pipeline.plan", "pipeline.record",
    "pipeline.stages", "pipeline.timeline", "pipeline.timeline_chart",
    "pipeline.waits",
    "pipeline.summary", "release", "release.osv", "release.outdated",
    "release.outdated_command", "release.published", "release.relink",
    "release.respin", "release.sign", "sources.pip_index",
    "sources.signatures", "sources.source_index", "testing",
    "testing.check", "testing.children", "testing.chroots",
    "testing.debian", "testing.expected_failures", "testing.product",
    "testing.reproduce", "testing.results", "testing.startup",
    "testing.suite", "testing.testbed", "testing.units", "training",
    "training.load", "training.train", "training.workloads",
    "training.workloads.arithmetic", "training.workloads.containers",
    "training.workloads.data", "training.workloads.documents",
    "training.workloads.flow", "training.workloads.functions",
    "training.workloads.objects", "training.workloads.programs",
    "training.workloads.puzzles", "training.workloads.records",
    "training.workloads.system", "training.workloads.texts"}

# Run by CPython's build; by value, see toolchain.jit.key().
NO_OUTPUT |= {f"toolchain.jit.{name}" for name in (
    "dwarfdump", "objdump", "readobj")}

# For each line of its input, a JSON object of texts by path, prints the
# parts of all outputs with those texts in place.  That is computed in a
# child, which imports our modules with the edits in them; or not, if they
# shall be "imported" before, which is faster.
PARTS = """\
import importlib, json, os, sys
from pathlib import Path
def parts():
    from standalone.pipeline import plan
    from standalone import request as config
    return plan.parts(config.Config(
        sys.argv[1], "x86_64-unknown-linux-gnu", "zig", "noopt", None,
        sys.argv[2], 2))
if sys.argv[3] == "imported":
    parts()
for line in sys.stdin:
    texts = json.loads(line)
    before = {path: Path(path).read_bytes() for path in texts}
    for path, text in texts.items():
        Path(path).write_text(text)
    read, write = os.pipe()
    if not os.fork():
        for path in texts:
            module = f"standalone.recipes.{Path(path).stem}"
            if module in sys.modules:
                importlib.reload(sys.modules[module])
        with open(write, "w") as file:
            json.dump(parts(), file)
        os._exit(0)
    os.close(write)
    print(open(read).read(), flush=True)
    os.wait()
    for path, data in before.items():
        Path(path).write_bytes(data)
"""

def module_names():
    return {path.relative_to(TOOLS).with_suffix("").as_posix()
            .replace("/", ".").removesuffix(".__init__")
            for path in TOOLS.rglob("*.py")}


def path_of(module):
    """recipes.zlib -> recipes/zlib.py; recipes -> recipes/__init__.py."""
    name = module.replace(".", "/")
    return (f"{name}/__init__.py" if (TOOLS / name).is_dir()
            else f"{name}.py")


def text_of(name):
    return (TOOLS / name).read_text(encoding="utf-8")


def groups(names):
    """Few lists of *names*, such that for any two names a list has the one
    and not the other: so an edit of one that changes what it should not is
    seen, as if each had been edited alone."""
    names = sorted(names)
    for bit in range((len(names) - 1).bit_length()):
        for value in 0, 1:
            yield [name for number, name in enumerate(names)
                   if number >> bit & 1 == value]


class PartsTestCase(unittest.TestCase):
    """Edits in a copy of the checkout."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.checkout = cls.dir / "checkout"
        for path in [*overlay.files(), Path("configure.ac")]:
            if (ROOT / path).exists() and "elf_samples" not in path.parts:
                target = cls.checkout / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, target)
        cls.tools = cls.checkout / "Tools/standalone"
        cls.tree = small_tree(cls.dir / "tree")
        os.utime(cls.tree / "Include/patchlevel.h", (1, 1))
        [cls.before] = cls.run_program([{}])

    @classmethod
    def run_program(cls, edits, mode="", **variables):
        """The parts after each of *edits*, texts by name of a file."""
        done = children.run(
            [sys.executable, "-c", PARTS, cls.tree, cls.dir / "out", mode],
            input="".join(json.dumps({
                str(cls.tools / name): text for name, text in texts.items()})
                + "\n" for texts in edits),
            env={**os.environ, "PYTHONPATH": str(cls.tools.parent),
                 "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True, text=True)
        assert not done.returncode, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def changed(self, after):
        """Title → labels, of those that need no other stage."""
        self.assertEqual(after.keys(), self.before.keys())
        found = {}
        for title, parts in after.items():
            old = self.before[title]
            labels = {label for label in parts.keys() | old.keys()
                      if parts.get(label) != old.get(label)}
            needs = {label for label in labels if label.startswith("needs ")}
            # Who needs it has another key as well.
            self.assertEqual(needs, {
                label for label in parts if label.startswith("needs ")
                and after[label.removeprefix("needs ")]
                != self.before[label.removeprefix("needs ")]}, title)
            if labels - needs:
                found[title] = labels - needs
        return found

    def assertChange(self, edits):
        """Of each edit, a file, an old text and a new one: a set of titles
        whose own parts change; or their labels by title, or None for a
        build of other dependencies."""
        texts = []
        for name, old, new in edits:
            text = text_of(name)
            self.assertEqual(text.count(old), 1, f"{name}: {old}")
            texts.append({name: text.replace(old, new)})
        for (edit, expected), after in zip(
                edits.items(), self.run_program(texts), strict=True):
            with self.subTest(edit=edit):
                found = self.changed(after)
                self.assertEqual(found if isinstance(expected, dict)
                                 else found.keys(), expected)

    def titles(self, *names):
        """Stages by name; "deps" is all dependencies."""
        return {title for title in self.before
                if title.partition("-")[0] in names}
