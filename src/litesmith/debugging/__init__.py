"""Holds a quantized model against the float model it was made from, and names what costs it accuracy."""
