"""What a text is: folded, tagged, quoted. Pure."""
