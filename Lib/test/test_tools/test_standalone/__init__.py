"""Tests of Tools/standalone, run by the host Python."""

if __name__ != "test_standalone":
    def load_tests(loader, tests, pattern):
        """Nothing where CPython's own test_tools looks for its tests:
        these need Tools on the path, and the packages of the host."""
        return tests
