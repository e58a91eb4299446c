"""Model, errors, directories, processes and content keys, used everywhere."""
