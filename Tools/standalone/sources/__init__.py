"""Pin, fetch, verify and unpack sources, and the packages of the host."""
