"""A real build, killed in each of its stages and started again.

Takes as long as two builds, so only on demand:

    STANDALONE_TEST_KILL=dist python3 -m test_standalone.test_killed

where *dist* holds the archives of a build that nobody killed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from . import children

HOUR = 3600                      # seconds: for a whole build
ROOT = Path(__file__).resolve().parents[4]
REFERENCE = os.environ.get("STANDALONE_TEST_KILL")

# What is there while a stage is at work, below OUT.
AT_WORK = {
    "fetch": "work/cpython-*.unpacking",
    "host": "work/host.partial",
    "toolchain": "work/*/toolchain.partial",
    "deps": "work/*/deps/openssl.source/libcrypto.a",
    "source": "work/*/*/source/Lib",
    "configure": "work/*/*/build/config.log",
    "make": "work/*/*/build/Objects/typeobject.o",
    "install": "work/*/*/install.partial/install/lib",
    "relocate": "work/*/*/tree.partial/install/lib",
    "validate": "work/*/*/validate.partial",
    "archive": ".archives.partial",
}


@unittest.skipUnless(REFERENCE, "STANDALONE_TEST_KILL is not set")
class KilledTest(unittest.TestCase):

    def setUp(self):
        self.out = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.out, ignore_errors=True)

    def start(self):
        return children.Child(
            ["make", "-s", "-f", ROOT / "Makefile.standalone", "standalone",
             f"OUT={self.out}"], cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def kill_during(self, stage):
        """Kill a build and all its children when *stage* is at work."""
        with self.start() as build:
            end = time.monotonic() + HOUR
            while not any(self.out.glob(AT_WORK[stage])):
                self.assertIsNone(build.poll(), f"ended before {stage}")
                self.assertLess(time.monotonic(), end, stage)
                time.sleep(0.01)

    def test_every_stage(self):
        for stage in AT_WORK:
            print(f"killed in {stage}", file=sys.stderr, flush=True)
            self.kill_during(stage)
            self.assertEqual(list(self.out.glob("python-*")), [], stage)
        with self.start() as build:
            _, errors = build.communicate(timeout=HOUR)
        self.assertEqual(build.returncode, 0, errors)
        self.assertEqual((self.out / "SHA256SUMS").read_text(),
                         Path(REFERENCE, "SHA256SUMS").read_text())


if __name__ == "__main__":
    unittest.main()
