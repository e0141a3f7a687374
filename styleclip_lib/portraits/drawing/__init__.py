"""From what is known to a picture."""
