"""Nouns beside those of models.py: what stood out, what is wished, what was read, who asks for what."""
