"""The aligned world: portraits with FFHQ's crop, drawn in the style of animated films."""
