"""Write and read the archives of a build."""
