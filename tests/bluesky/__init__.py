"""The product beside Bluesky's own servers: `make test-bluesky`."""
