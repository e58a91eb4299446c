"""Compare a build with another Python: speed, start-up, memory, size."""
