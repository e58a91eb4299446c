"""Test, benchmark and reproduce what was built."""
