"""Recovery by training: a Keras model is trained for a short time to give float's answers with 8-bit arithmetic."""
