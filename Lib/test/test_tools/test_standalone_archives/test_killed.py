"""A build that is killed in some of its stages, and started again.

The build under test is copied, and the copy mounted over the original for
the builds of this test alone, as keys hold paths.  What they start with is
there but for some stages, one of each kind; with STANDALONE_KILLED=all, as
`make standalone-check-killed` has it, CPython's compilation among them.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import unittest
from dataclasses import asdict
from pathlib import Path

from standalone import request
from standalone.core import stamp
from standalone.core.layout import TOOLS, built_dependencies
from standalone.documents import provenance
from standalone.formats import checksums
from test_standalone_archives.finished import (
    NAME,
    OUT,
    ArchiveTestCase,
    children,
)

LONG = 1800                      # seconds; for CPython on a busy machine

# Below OUT: what is taken away before a stage, so that it has to be run,
# and what is there while it is at work.  One of each kind: a dependency,
# the tree that is edited, CPython's build directory, which is kept between
# runs, a directory made under another name, and OUT itself.
STAGES = {
    "deps": ("work/{shared}/deps/bzip2", "work/*/deps/bzip2.partial"),
    "source": ("work/{shared}/{own}/source", "work/*/*/source/Lib"),
    "make": ("work/{shared}/{own}/build",
             "work/*/*/build/Objects/typeobject.o"),
    "relocate": ("work/{shared}/{own}/tree",
                 "work/*/*/tree.partial/install/lib"),
    "archive": ("work/{shared}/{own}/archive", ".archives.partial"),
}
# Compiling CPython from the start takes minutes.
if os.environ.get("STANDALONE_KILLED") != "all":
    del STAGES["make"]

MOUNT = 'mount --bind "$0" "$1" && shift && exec "$@"'
UNSHARE = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", MOUNT]


def may_mount():
    try:
        return not children.run([*UNSHARE, OUT, OUT, "true"],
                                stderr=subprocess.DEVNULL).returncode
    except OSError:
        return False


class KilledTests(ArchiveTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not may_mount():
            raise unittest.SkipTest("may not mount")
        cls.request = request.load((OUT / "work").resolve())
        cls.layout = cls.request.layout
        if cls.layout.work != OUT / "work":
            raise unittest.SkipTest("OUT has a name that is built elsewhere")
        # Where there is room for a build; /tmp may be in memory.
        cls.copy = cls.layout.work / "killed"
        stamp.remove(cls.copy)
        cls.addClassCleanup(stamp.remove, cls.copy)
        shutil.copytree(OUT, cls.copy, symlinks=True, ignore=(
            lambda directory, names: {"check", "killed", "second"}
            .intersection(names) if Path(directory) == cls.layout.work
            else ()))

    def setUp(self):
        self.names = checksums.read(
            self.layout.stage("archive") / "SHA256SUMS")
        for name in self.names:
            (self.copy / name).unlink()
        self.remove("work/{shared}/{own}/install")

    def remove(self, name):
        stamp.remove(self.copy / name.format(
            shared=self.layout.shared.name, own=self.layout.own.name))

    def start(self):
        statement = json.loads(
            (OUT / f"{NAME}{provenance.SUFFIX}").read_text())["predicate"]
        internal = statement["buildDefinition"]["internalParameters"]
        return children.Child(
            # Not the virtual environment of the tests, which is below OUT.
            [*UNSHARE, self.copy, OUT, sys._base_executable, "-m",
             "standalone", "build", *(f"--{name}={value or ''}" for name, value
                        in asdict(self.request).items())],
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent),
                 "SOURCE_DATE_EPOCH": str(internal["SOURCE_DATE_EPOCH"]),
                 provenance.BUILDER: statement["runDetails"]["builder"]["id"]},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def kill_during(self, stage):
        """Kill a build and all its children when *stage* is at work."""
        removed, there = STAGES[stage]
        self.remove(removed)
        # Copying it from the cache is too fast to be killed.
        for entry in built_dependencies().glob("bzip2-*"):
            stamp.remove(entry)
        with self.start() as build:
            end = time.monotonic() + LONG
            while not any(self.copy.glob(there)):
                if build.poll() is not None:
                    self.fail(f"ended before {stage}: {build.stderr.read()}")
                self.assertLess(time.monotonic(), end, stage)
                time.sleep(0.01)
        self.assertEqual(build.left(), [])

    def test_some_stages(self):
        for stage in STAGES:
            self.kill_during(stage)
            self.assertEqual(
                [name for name in self.names if (self.copy / name).exists()],
                [], stage)
        with self.start() as build:
            _, errors = build.communicate(timeout=LONG)
        self.assertEqual(build.returncode, 0, errors)
        self.assertEqual((self.copy / "SHA256SUMS").read_text(),
                         (OUT / "SHA256SUMS").read_text())
        for name, sha256 in self.names.items():
            self.assertEqual(stamp.file_sha256(self.copy / name), sha256)


if __name__ == "__main__":
    unittest.main()
