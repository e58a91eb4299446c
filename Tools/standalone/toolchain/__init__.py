"""Compilers, their flags, and the C library that they link with."""
