"""Delegates: one file each."""
