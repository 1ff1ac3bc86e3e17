"""Litesmith takes a trained model to phones and Raspberry Pis and measures what it lost on the way.

The verbs are functions of `litesmith.api`. Importing this package loads neither NumPy nor TensorFlow nor LiteRT.
"""

__version__ = "0.1.0"
