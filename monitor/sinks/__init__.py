"""Where digests go: for now a page of this machine."""
