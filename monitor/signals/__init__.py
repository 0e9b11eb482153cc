"""What the numbers say: counts, baselines, ranks, copies. Pure."""
