"""What is known about every portrait."""
