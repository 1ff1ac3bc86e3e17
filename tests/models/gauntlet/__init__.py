"""Builders of the gauntlet's models, by subject.

Each function takes an empty folder, writes one model into it and returns its path. Weights are random, of a fixed seed.
TensorFlow is imported inside, so that tests may read the names here and call the functions in a worker process.
"""
