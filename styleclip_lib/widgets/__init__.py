"""What is moved and pressed: the parts of every widget, the widgets of the lessons, and the studio."""
