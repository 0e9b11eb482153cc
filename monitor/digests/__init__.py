"""A digest from what was seen: composed, worded, scheduled. Pure."""
