"""Pictures in drawn styles, and scenes."""
