"""Using every feature changes nothing for child processes: in threads,
interpreters with a GIL of their own, and forks as well."""

import os
import sys
import threading
import unittest

from test.support import import_helper, threading_helper
from test.test_standalone_runtime import features
from test.test_standalone_runtime.tree import PYTHON, run

_CODE = """\
from test.test_standalone_runtime import features
features.use(terminal=False)
"""


class HygieneTests(unittest.TestCase):

    def test_environment(self):
        for variables in ({}, {"TERM": None}, {"TERM": "aaa"},
                          {"TERM": "nobody-knows-it"},
                          {"TERMINFO_DIRS": "/nowhere:"},
                          {"SSL_CERT_FILE": "/nowhere"},
                          {"PYTHONTZPATH": "/usr/share/zoneinfo:" + (
                              os.path.join(sys.base_prefix,
                                           "share/zoneinfo"))},
                          {"CC": "cc -O0"}):
            with self.subTest(variables):
                run(PYTHON, "-m", features.__name__, env=variables)

    @threading_helper.requires_working_threading()
    def test_threads(self):
        failures = []

        def body():
            try:
                features.use()
            except BaseException as exc:
                failures.append(exc)

        before = features.child_environment()
        threads = [threading.Thread(target=body) for _ in range(8)]
        with threading_helper.start_threads(threads):
            pass
        self.assertEqual(failures, [])
        self.assertEqual(features.child_environment(), before)

    def test_interpreters(self):
        interpreters = import_helper.import_module("_interpreters")
        before = features.child_environment()
        for _ in range(2):
            created = interpreters.create("isolated")
            self.addCleanup(interpreters.destroy, created)
            self.assertIsNone(interpreters.exec(created, _CODE))
        self.assertEqual(features.child_environment(), before)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_fork(self):
        # In a process without threads, before and after the first use.
        run(PYTHON, "-c", """if True:
            import os
            from test.test_standalone_runtime import features
            for _ in range(2):
                child = os.fork()
                if child == 0:
                    features.main()
                    os._exit(0)
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                assert status == 0, status
                features.main()
            """)


if __name__ == "__main__":
    unittest.main()
