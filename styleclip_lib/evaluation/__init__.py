"""Measuring edits, methods and networks."""
