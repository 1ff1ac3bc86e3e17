"""Runs a .tflite on this machine and reads its flatbuffer. The only place that imports LiteRT."""
