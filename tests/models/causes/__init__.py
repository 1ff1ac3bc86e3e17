"""Models that provoke each cause of the catalogue: one function per model, named by what is in it."""
