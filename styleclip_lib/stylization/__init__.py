"""Pictures and videos restyled as a sentence says."""
