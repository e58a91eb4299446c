"""Small programs that use Python as people use it.

Each is a function without arguments that takes some milliseconds and
returns the same value whenever it is called, which `load.py` checks.
They use only the standard library, and write only to a directory that they
remove.
"""
