"""Images: recognised by their content, stripped of everything but the picture, kept once, shown to who may see them."""
