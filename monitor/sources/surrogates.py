"""JSON whose strings hold half a character: `"\\ud83d"` alone is legal JSON, but no text that can be stored."""

import re

_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # one half
    rb"|\\."  # any other escape, so that "\\\\ud800" is not taken for one
)
_REPLACEMENT = rb"\ufffd"


def repair(json: bytes) -> bytes:
    """Replace escaped lone surrogates by U+FFFD, as browsers do; everything else stays byte for byte."""
    if b"\\ud" not in json and b"\\uD" not in json:
        return json
    return _ESCAPES.sub(lambda m: _REPLACEMENT if len(m[0]) == len(_REPLACEMENT) else m[0], json)
