"""Define the words, errors, places, processes and keys that all others use."""
