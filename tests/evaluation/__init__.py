"""Measurements on real data: run by hand or by `make eval`, not by the test suite."""
