"""Ways from an opened model to a float32 .tflite, one small file each; `ladder` says in which order."""
