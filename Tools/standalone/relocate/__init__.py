"""Make an installed tree independent of the place where it was built."""
