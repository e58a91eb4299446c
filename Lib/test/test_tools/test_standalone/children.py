"""Starting programs in tests, as the tests of the tree do it."""

import importlib.util

from standalone.core.layout import ROOT

_PATH = ROOT / "Lib/test/test_standalone_runtime/children.py"
_spec = importlib.util.spec_from_file_location("children", _PATH)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

DEADLINE, Child, fork, run, start = (
    _module.DEADLINE, _module.Child, _module.fork, _module.run,
    _module.start)
