"""Recognises and opens what the user has: one file per kind."""
