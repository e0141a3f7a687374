"""The aligned world: portraits cropped as FFHQ's faces are, drawn like stills of an animation film."""
