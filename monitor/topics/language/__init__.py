"""The keyword language: from what a person types to a small tree and back, and what to say about it. Pure."""
