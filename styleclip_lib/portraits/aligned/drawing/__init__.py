"""From factors to pictures, one portrait at a time, from the back to the front."""
