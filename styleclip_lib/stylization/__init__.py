"""Pictures and videos redrawn as a sentence says."""
