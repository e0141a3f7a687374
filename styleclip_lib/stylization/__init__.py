"""Pictures and films redrawn as a sentence says."""
