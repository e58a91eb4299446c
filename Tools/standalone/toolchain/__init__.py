"""Set up compilers, their flags, and the C library they build against."""
