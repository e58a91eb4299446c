"""Pin, fetch, verify and unpack sources and the host's Python packages."""
