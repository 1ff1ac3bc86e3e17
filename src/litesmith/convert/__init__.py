"""A source becomes one float32 .tflite, in a TensorFlow process of its own."""
