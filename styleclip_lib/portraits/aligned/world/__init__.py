"""What is known about a portrait: its factors, its attributes, and its latents."""
