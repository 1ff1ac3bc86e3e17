"""Kinds of bundles, one file each."""
