"""The renderer: from factors to pictures, one portrait at a time, from back to front."""
