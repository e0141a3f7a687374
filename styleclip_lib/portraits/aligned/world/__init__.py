"""What is known about a portrait: its factors, its attributes, and the latents it belongs to."""
