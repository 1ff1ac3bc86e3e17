"""The vocabulary: errors, records, preprocessing, processes, files and units. Standard library and NumPy only."""
