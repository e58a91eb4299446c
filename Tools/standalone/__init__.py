"""Build the standalone CPython distribution.  See README.md."""
