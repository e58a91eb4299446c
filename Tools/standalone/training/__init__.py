"""Training: run programs on an instrumented CPython and store the profile."""
