"""Stages that edit, configure and build a CPython tree."""
