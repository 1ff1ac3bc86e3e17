"""One file here is one kind of report file."""
