"""Fetching, verifying and keeping official files."""
