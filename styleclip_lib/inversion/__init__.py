"""From a picture to a latent that draws it."""
