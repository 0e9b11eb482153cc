"""Valkey or Redis: every key in keys.py, one small class per noun, one atomic script per invariant."""
