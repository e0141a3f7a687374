"""What can be said about a portrait, and understanding it."""
