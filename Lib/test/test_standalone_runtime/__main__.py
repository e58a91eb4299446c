import unittest

from test.test_standalone_runtime import load_tests  # noqa: F401

if __name__ == "__main__":
    unittest.main()
