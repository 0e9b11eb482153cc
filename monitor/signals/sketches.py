"""A sketch of a text, 31 bytes: texts that share most of their pieces share some of its bands.

    letters ─first, last 12─► xxh3 ─► 2 bands of 3 bytes: found again however an end was cut off or added to
    pieces ─hash─► smallest of each of 24 bins ─► its lowest 8 bits ─► 8 bands of 3 bytes: found whatever was changed

MinHash by one permutation (Li, Owen, Zhang 2012), empty bins filled from one of the others in an order by chance
(Shrivastava 2017): each byte is equal with a chance of the texts' Jaccard similarity. A sketch is a hint; what it finds
is compared piece by piece.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import compress, pairwise
from struct import unpack_from
from typing import TypeAlias, TypeVar

import xxhash

from monitor.signals.duplicates import ALGORITHM, Said
from monitor.signals.shingles import spaced, unspaced

SHORTEST = 12
"""Letters and digits below which texts are only the same or not: a word changed in so few is another text."""

EDGE = 12
"""Letters and digits of the first and of the last band."""

BINS = 24
ROWS = 3

FEWEST = 6
"""Pieces that a text must have to be found by them."""

CLOSE = 7
"""Equal bytes of 24 from which texts without an edge in common are compared: copies have 14 of them on average."""

APART = 4
"""Equal bytes of 24 up to which texts have too few pieces in common to be copies by these: two of three, and so few
bytes, is a chance of one in a million. One may still be a part of the other, which an edge in common tells."""

Name = TypeVar("Name")
Band: TypeAlias = int
"""A band together with its place in its sketch: the bytes of both, read as a number of this machine."""

PLACES = 2 + BINS // ROWS
SIZE = ROWS * PLACES + len(ALGORITHM)
_WIDTH = 4
"""Bytes of a number: those of a band, and its place."""

_VERSION = ALGORITHM.encode()
_PRIME = 2**41 - 21
_FACTOR = 0x2545F491
"""Pieces are hashed by multiplication modulo a prime: a product of 32 and 30 bits is cheap in Python."""

_LENDERS = tuple(
    tuple(sorted(range(BINS), key=lambda each: (each * 7 + bin_ * 11) ** 5 % 1009)) for bin_ in range(BINS)
)
"""For each bin, from which others it borrows while it is empty: another order for each, the same for ever."""


def sketch(meant: Said) -> bytes:
    """Return the sketch of a text, nothing for a short one. It ends with the version of the algorithm."""
    letters = meant.letters
    if len(letters) < SHORTEST:
        return b""
    hashes = _hashes(meant)
    # With so few a band would say no more than one piece does: they are found by their edges only.
    rows = _minima(hashes) if len(hashes) >= FEWEST else _whole(letters)
    return _edge(letters[:EDGE]) + _edge(letters[-EDGE:]) + rows + _VERSION


def shared_bands(sketched: Mapping[Name, bytes]) -> dict[Name, list[Band]]:
    """Return the bands of each sketch that another one has in the same place, of those that have any."""
    shared: defaultdict[Name, list[Band]] = defaultdict(list)
    joined = b"".join(sketched.values())
    assert len(joined) == SIZE * len(sketched), "all sketches are of this algorithm"
    for place in range(PLACES):
        column = _column(joined, place)
        # Most bands are nobody else's: they are passed over without a step of Python for each.
        several = {band for band, count in Counter(column).items() if count > 1} - _borrowed_bands(place)
        is_shared = list(map(several.__contains__, column))
        for name, band in zip(compress(sketched, is_shared), compress(column, is_shared), strict=True):
            shared[name].append(band)
    return dict(shared)


def rows_of(sketched: bytes) -> int:
    """Return the 24 bytes of a sketch that tell how similar texts are as a whole, as one number."""
    return int.from_bytes(sketched[2 * ROWS : -1])


def common_rows(one: int, other: int) -> int:
    """Return how many of these 24 bytes are the same in two sketches."""
    return (one ^ other).to_bytes(BINS).count(0)


def share_an_edge(one: bytes, other: bytes) -> bool:
    """Tell whether two texts begin or end with the same letters."""
    return one[:ROWS] == other[:ROWS] or one[ROWS : 2 * ROWS] == other[ROWS : 2 * ROWS]


def tells_pieces(sketched: bytes, meant: Said) -> bool:
    """Tell whether the bytes of a sketch are those of a text's pieces, and not, for want of these, of it as a whole."""
    return sketched[2 * ROWS : -1] != _whole(meant.letters)


def is_current(sketched: bytes) -> bool:
    """Tell whether a sketch was made by this algorithm."""
    return len(sketched) == SIZE and sketched.endswith(_VERSION)


def _column(joined: bytes, place: int) -> list[Band]:
    """Return the bands in one place of sketches that lie one behind the other.

    As numbers they are made and compared in half the time of pieces of bytes.
    """
    column = bytearray(len(joined) // SIZE * _WIDTH)
    for byte in range(ROWS):
        column[byte::_WIDTH] = joined[ROWS * place + byte :: SIZE]
    column[ROWS::_WIDTH] = bytes((place,)) * (len(joined) // SIZE)
    return memoryview(column).cast("I").tolist()


@cache
def _borrowed_bands(place: int) -> frozenset[Band]:
    """Return the bands of a short text whose bins were empty and borrowed from the same one.

    Each 256th short text has the same.
    """
    return frozenset(_column(b"".join(bytes((each,)) * SIZE for each in range(256)), place))


def _edge(letters: str) -> bytes:
    return xxhash.xxh3_64_digest(letters.encode())[:ROWS]


def _whole(letters: str) -> bytes:
    said = letters.encode()
    return xxhash.xxh3_128_digest(said) + xxhash.xxh3_64_digest(said)


def _hashes(meant: Said) -> list[int]:
    """Return a hash of 41 bits for each pair of characters or words; all texts of a language share single words."""
    letters = unspaced(meant)
    words = [xxhash.xxh32_intdigest(word.encode()) for word in spaced(meant)]
    hashes = [(one * _FACTOR + other) * _FACTOR % _PRIME for one, other in pairwise(words)]
    if len(letters) > 1:
        units = letters.encode("utf-16-le")
        pairs = len(units) // 2 - 1
        codes = unpack_from(f"<{(pairs + 1) // 2}I", units) + unpack_from(f"<{pairs // 2}I", units, 2)
        hashes += [code * _FACTOR % _PRIME for code in codes]
    return hashes


def _minima(hashes: list[int]) -> bytes:
    """Return a byte for each bin: of the smallest hash that fell into it, or into the bin from which it borrows."""
    hashes.sort(reverse=True)
    smallest = {each % BINS: each // BINS & 255 for each in hashes}
    return bytes([smallest[each] if each in smallest else _borrowed(smallest, each) for each in range(BINS)])


def _borrowed(smallest: Mapping[int, int], empty: int) -> int:
    for each in _LENDERS[empty]:
        if each in smallest:
            return smallest[each]
    raise AssertionError("some bin is filled")
