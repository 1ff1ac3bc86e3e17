"""The catalogue: one file is one cause, named by its file."""
