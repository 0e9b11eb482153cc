"""What readers are told, in the language that they chose: the one place where a sentence of ours is translated.

    with speaking("zh-Hant"):
        say("Not read: {sources}.", sources=…)        ─► catalogs.py ─► "未讀取：…。"

Messages are written in English, with named places; a missing translation falls back to them, and fails a test. The
language holds for what is called inside the block, in this thread: it is the reader's, as the time zone is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from string import Formatter
from typing import Final

from monitor.catalogs import catalog

LANGUAGES: Final = {"en": "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文"}
"""The languages of the product, each by its own name."""

DEFAULT = "en"
_TRADITIONAL = frozenset(("hant", "tw", "hk", "mo"))

_spoken: ContextVar[str] = ContextVar("spoken", default=DEFAULT)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything in a language while in the block; one that there is not is English."""
    token = _spoken.set(language if language in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken_language() -> str:
    """Return the language in which things are said now."""
    return _spoken.get()


def say(message: str, /, **values: object) -> str:
    """Return a message in the language that is spoken, its places filled."""
    known = catalog(_spoken.get()).get(message, message)
    return _filled(known, values) if values else known


def say_many(one: str, many: str, count: int, /, **values: object) -> str:
    """Return a message about a number of things, which stands at `{count}`."""
    known = catalog(_spoken.get()).get(one) or (one if count == 1 else many)
    return _filled(known, {"count": f"{count:,}", **values})


def phrase(message: str, /) -> str:
    """Return a message as it is: it is said elsewhere, and to be translated."""
    return message


def language_of(code: str | None) -> str | None:
    """Return the language of ours that an IETF tag asks for, as Telegram gives one of each person; None for others."""
    parts = (code or "").lower().split("-")
    if parts[0] == "zh":
        return "zh-Hant" if _TRADITIONAL.intersection(parts) else "zh-Hans"
    return "en" if parts[0] == "en" else None


def _filled(message: str, values: Mapping[str, object]) -> str:
    """Fill the places of a message. In Chinese a space stands between Han and Latin, and none between Han and Han.

    Whether a title is in one or the other is known only now; what is filled in stays as it is.
    """
    if not _spoken.get().startswith("zh"):
        return message.format_map(values)
    said, is_tag = "", False
    for literal, field, _, _ in Formatter().parse(message):
        value = "" if field is None else str(values[field])
        # The space behind a hashtag ends it.
        said = _beside(_beside(said, _between("" if is_tag else said, literal, value)), value)
        is_tag = value.startswith(("#", "@"))
    return said


def _between(before: str, literal: str, after: str) -> str:
    """Return words of a message without a space at an end where Han meets Han."""
    bare = literal.strip(" ")
    first, last = bare[:1] or after[:1], bare[-1:] or before[-1:]
    if _is_han(before[-1:]) and _is_han(first):
        literal = literal.lstrip(" ")
    return literal.rstrip(" ") if _is_han(last) and _is_han(after[:1]) else literal


def _beside(said: str, more: str) -> str:
    """Put words behind others."""
    is_mixed = (_is_han(said[-1:]) and _is_latin(more[:1])) or (_is_latin(said[-1:]) and _is_han(more[:1]))
    return f"{said} {more}" if is_mixed else said + more


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
