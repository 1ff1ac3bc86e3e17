"""What is in a .tflite: contract, float islands, delegates, runtime, health, size. Reads records, runs nothing."""
