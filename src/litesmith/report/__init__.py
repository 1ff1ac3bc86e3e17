"""Records become terminal text, JSON and HTML."""
