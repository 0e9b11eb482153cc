"""In which sense a keyword is meant: clues that a person wrote or labelled posts taught. Pure."""
