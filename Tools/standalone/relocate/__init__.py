"""Make an installed tree independent of the directory it was built in."""
