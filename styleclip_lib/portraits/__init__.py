"""A procedural world of portraits in which every attribute of every picture is known."""
