"""Follow a public discussion across platforms, and say in one short digest what is said about it."""
