"""What is asked, when, how often, and when not at all. Pure."""
