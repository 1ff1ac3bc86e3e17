"""What is in a .tflite."""
