"""Captions and sentences about portraits: writing and understanding them."""
