"""The rungs of the conversion ladder: one way to convert each."""
