"""Tests of finished archives, which `make check` runs."""

if __name__ != "test_standalone_archives":
    def load_tests(loader, tests, pattern):
        """Nothing where CPython's own test_tools looks for its tests:
        these need archives, Tools on the path, and other packages."""
        return tests
