"""Datasets become prepared samples."""
