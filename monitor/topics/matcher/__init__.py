"""Which topics a post belongs to, as which variant, and why. Pure."""
