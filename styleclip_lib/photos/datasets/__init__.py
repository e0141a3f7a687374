"""Data sets of faces: from a folder of pictures to aligned crops with a manifest."""
