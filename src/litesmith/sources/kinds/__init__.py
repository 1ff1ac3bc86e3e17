"""Kinds of source: one file each."""
