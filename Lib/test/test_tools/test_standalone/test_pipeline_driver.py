"""Test pipeline.driver; test_cli runs the rest of it."""

import importlib
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core import stamp
from standalone.pipeline import driver
from standalone.sources import host

from .trees import request, small_tree


class PackagesTest(unittest.TestCase):

    def test_importable(self):
        """Commands import them after a build, in the same process."""
        top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        config = request(small_tree(top / "cpython"), top / "out")
        installed = config.layout.host
        installed.mkdir(parents=True)
        (installed / stamp.KEY).write_text(host.key())
        (installed / "only_there.py").write_text("found = True\n")
        self.enterContext(mock.patch.object(sys, "path", [*sys.path]))
        for _ in range(2):
            driver.packages(config)
        importlib.invalidate_caches()
        self.addCleanup(sys.modules.pop, "only_there", None)
        self.assertTrue(importlib.import_module("only_there").found)
        self.assertEqual(sys.path.count(str(installed)), 1)


if __name__ == "__main__":
    unittest.main()
