"""Programs with windows that are part of the standard library."""

import unittest

from test.test_standalone_runtime.display import requires_xvfb
from test.test_standalone_runtime.windows import WindowCase


@requires_xvfb
class IdleTests(WindowCase):

    def test_idle(self):
        """Run its shell in a separate process, and in the same one."""
        for options in (), ("-n",):
            with self.subTest(options):
                done = self.scratch / f"done{len(options)}"
                self.start("-m", "idlelib", *options, "-c",
                           f"print('x', file=open({str(done)!r}, 'w'))")
                self.display.wait_for(lambda _, done=done: done.exists())


if __name__ == "__main__":
    unittest.main()
