"""A sketch of a text, 31 bytes: texts that share most of their pieces share some of its bands.

    letters ─first, last 12─► xxh3 ─► 2 bands of 3 bytes: found again however an end was cut off or added to
    pieces ─hash─► smallest of each of 24 bins ─► its lowest 8 bits ─► 8 bands of 3 bytes: found whatever was changed

MinHash by one permutation (Li, Owen, Zhang 2012), empty bins filled from the next one (Shrivastava, Li 2014): each byte
is equal with a chance of the texts' Jaccard similarity. A sketch is a hint; what it finds is compared piece by piece.
"""

from itertools import pairwise
from struct import Struct, unpack_from

import xxhash

from monitor.signals.duplicates import ALGORITHM, Said
from monitor.signals.shingles import spaced, unspaced

SHORTEST = 12
"""Letters and digits below which texts are only the same or not: a word changed in so few is another text."""

EDGE = 12
"""Letters and digits of the first and of the last band."""

BINS = 24
ROWS = 3

_BANDS = Struct(f"{ROWS}s" * (2 + BINS // ROWS) + "x")
_VERSION = ALGORITHM.encode()
_PRIME = 2**41 - 21
_FACTOR = 0x2545F491
"""Pieces are hashed by multiplication modulo a prime: a product of 32 and 30 bits is cheap in Python."""


def sketch(meant: Said) -> bytes:
    """Return the sketch of a text, nothing for a short one. It ends with the version of the algorithm."""
    letters = meant.letters
    if len(letters) < SHORTEST:
        return b""
    hashes = _hashes(meant)
    hashes.sort(reverse=True)
    smallest = {each % BINS: each // BINS & 255 for each in hashes}
    return _edge(letters[:EDGE]) + _edge(letters[-EDGE:]) + _filled(smallest) + _VERSION


def bands(sketched: bytes) -> tuple[bytes, ...]:
    """Return the bands of a sketch."""
    return _BANDS.unpack(sketched)


def is_current(sketched: bytes) -> bool:
    """Tell whether a sketch was made by this algorithm."""
    return len(sketched) == _BANDS.size and sketched.endswith(_VERSION)


def _edge(letters: str) -> bytes:
    return xxhash.xxh3_64_digest(letters.encode())[:ROWS]


def _hashes(meant: Said) -> list[int]:
    """Return a hash of 41 bits for each piece of a text."""
    letters, words = unspaced(meant), spaced(meant)
    hashes = [xxhash.xxh32_intdigest(word.encode()) * _FACTOR % _PRIME for word in words]
    hashes += [(one + 3 * other) * _FACTOR % _PRIME for one, other in pairwise(hashes)]
    if len(letters) > 1:
        units = letters.encode("utf-16-le")
        pairs = len(units) // 2 - 1
        codes = unpack_from(f"<{(pairs + 1) // 2}I", units) + unpack_from(f"<{pairs // 2}I", units, 2)
        hashes += [code * _FACTOR % _PRIME for code in codes]
    return hashes


def _filled(smallest: dict[int, int]) -> bytes:
    """Return a byte for each bin; an empty one has that of the next one, of the first after the last."""
    rows = bytearray(BINS)
    row = smallest[min(smallest)] if smallest else 0
    for each in range(BINS - 1, -1, -1):
        row = rows[each] = smallest.get(each, row)
    return bytes(rows)
