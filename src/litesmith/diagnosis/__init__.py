"""What an error of TensorFlow or Keras means for the user's model. Text in, record out: imports neither."""
