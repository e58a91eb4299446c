"""A standalone Python, tested by itself wherever it was unpacked.

Nothing here needs the network, root, or the tree to be writable.
"""

import os
import unittest

from test.support import load_package_tests
from test.test_standalone_runtime import tree

if not tree.is_standalone():
    raise unittest.SkipTest("this Python was not built by `make standalone`")


def load_tests(*args):
    return load_package_tests(os.path.dirname(__file__), *args)
