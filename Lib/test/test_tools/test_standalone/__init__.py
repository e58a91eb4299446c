"""Tests of Tools/standalone, run by the host Python."""
