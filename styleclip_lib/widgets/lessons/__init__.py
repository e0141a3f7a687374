"""The widgets of the lessons, a module for each."""
