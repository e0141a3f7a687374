"""Reading pickles and zip archives without executing anything in them."""
