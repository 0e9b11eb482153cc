"""What a text says, whatever its dress, and a fingerprint of that: exact copies have the same one.

    text ─fold─► ─no links, no @names, no RT marks─► words ─letters and digits only─► xxh3-64 ─► "2" + 11 characters

Near copies (a word changed, an end cut off, a comment in front) have other fingerprints; `copies` groups them.
"""

import base64
import re
from typing import NamedTuple

import xxhash

from monitor.text.folding import fold

ALGORITHM = "2"
"""Stands in front of every fingerprint. Change it when texts get other fingerprints: old and new must not be mixed."""

SHORTEST = 4
"""Letters and digits below which a canonical text says too little: the folded text, with links and marks, decides."""

SHORTEST_CARRIED = 12
"""Letters and digits of another's words, behind a mark, from which a post counts as a copy of them."""

_LINK = r"https?://[!-~]+|www\.[!-~]+"
_REST_OF_NAME = r"[\w.\-]+(?:@[\w.\-]+)?"
_NAME = f"@{_REST_OF_NAME}"
_REPOST_MARK = re.compile(rf"(?:\s*(?:rt\b|//)[\s:]*{_NAME}[\s:]*)+")
# These look back behind their first letters: so they are found by a search for them.
_MARK_WITHIN = re.compile(rf"(?:rt(?<![a-z0-9]rt)\b|//)\s*{_NAME}\s*:\s*")
_LINK_OR_NAME = re.compile(rf"{_LINK}|@(?<![a-z0-9_.]@){_REST_OF_NAME}")

# What \w lacks: the vowel signs and other marks without which words of these scripts are different words
# (Devanagari to Sinhala, Thai, Lao, Tibetan, Myanmar, Khmer). Marks of other scripts go, as points and zalgo do.
_SIGNS = "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u0f71-\u0fbc\u102b-\u1049\u17b6-\u17d3"
_UNSAID = re.compile(rf"[^\w{_SIGNS}]+|_+")

_ASCII = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What _UNSAID does to a text in ASCII, ten times as fast."""


class Said(NamedTuple):
    """What a text says, folded: its sentences, its words with single spaces or more, and all its letters and digits."""

    sentences: str
    words: str
    letters: str


def said(folded: str) -> Said:
    """Return what a folded text says: no links, no @names, no RT or //@name: chain in front.

    A post that carries another's words behind such a mark says these, where they are at least half of it.
    """
    if "@" in folded:
        mark = _REPOST_MARK.match(folded)
        folded = folded[mark.end() :] if mark else folded
        carried = _carried(folded)
        if carried is not None:
            return carried
    return _said(folded)


def _carried(folded: str) -> Said | None:
    """Return what stands behind the last mark within a text, if most of the text does."""
    own, *chain = _MARK_WITHIN.split(folded)
    if not chain:
        return None
    last = _said(chain[-1])
    others = sum(len(_said(part).letters) for part in (own, *chain[:-1]))
    return last if len(last.letters) >= max(SHORTEST_CARRIED, others) else None


def _said(folded: str) -> Said:
    sentences = _LINK_OR_NAME.sub(" ", folded) if "@" in folded or "://" in folded or "www." in folded else folded
    words = sentences.translate(_ASCII) if sentences.isascii() else _UNSAID.sub(" ", sentences)
    return Said(sentences, words, words.replace(" ", ""))


def fingerprint(text: str) -> str:
    """Return 12 characters that are the same for texts with the same wording, whatever their links, names and marks.

    Two of a million wordings have the same one by chance once in 37 million topics.
    """
    folded = fold(text)
    return fingerprint_of(folded, said(folded))


def fingerprint_of(folded: str, meant: Said) -> str:
    """Return the fingerprint of a text that was folded and cleaned before."""
    digest = xxhash.xxh3_64_digest((meant.letters if len(meant.letters) >= SHORTEST else folded).encode())
    return ALGORITHM + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def own_letters(text: str) -> str:
    """Return the letters and digits that a post adds to what it passes on: those in front of the first mark."""
    folded = fold(text)
    return _said(_MARK_WITHIN.split(folded, maxsplit=1)[0] if "@" in folded else folded).letters


def has_repost_mark(text: str) -> bool:
    """Tell whether a text begins as copies of others do: "RT @name:" or "//@name:"."""
    return "@" in text and _REPOST_MARK.match(fold(text)) is not None
