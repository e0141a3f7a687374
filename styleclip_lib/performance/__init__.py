"""Measuring speed and cost."""
