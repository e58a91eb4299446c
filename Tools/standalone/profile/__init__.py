"""Stored profiles for profile-guided optimisation (PGO)."""
