"""One step of work each, through the seams: a look at a query, a message on its way, a change of a known post."""
