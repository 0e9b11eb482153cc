"""Seams beside those of protocols.py: what is needed of stores and platforms, and the nouns that pass through."""
