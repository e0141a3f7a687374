"""The widgets of the lessons, one module for what is drawn and one for its sliders."""
