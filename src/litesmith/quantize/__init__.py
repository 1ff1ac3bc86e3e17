"""The float32 .tflite becomes variants."""
