"""How fast things are, and what makes them faster."""
