"""The layouts of other people's checkpoints."""
