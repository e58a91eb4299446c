"""The platforms that CPython is built for."""
