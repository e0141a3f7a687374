"""Styles, which are image filters, and scenes."""
