"""The studio: every method on one face."""
