"""Wires the stages together: project file, cache, one file per verb."""
