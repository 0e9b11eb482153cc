"""What readers are offered, and which topic they mean."""
