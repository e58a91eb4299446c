"""Describe the platforms that CPython is built for."""
