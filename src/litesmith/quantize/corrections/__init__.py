"""Corrections: one file each."""
