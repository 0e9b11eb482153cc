"""All topics' keywords as the fewest queries that each platform can be asked. Pure."""
