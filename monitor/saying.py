"""What readers are told, in the language that they chose: the one place where a sentence of ours is translated.

    with speaking("zh-Hant"):
        say("Not read: {sources}.", sources=…)        ─► catalogs.py ─► "未讀取：…。"

Messages are written in English, with named places; a missing translation falls back to them, and fails a test. The
language holds for what is called inside the block, in this thread: it is the reader's, as the time zone is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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
    return known.format_map(values) if values else known


def say_many(one: str, many: str, count: int, /, **values: object) -> str:
    """Return a message about a number of things, which stands at `{count}`."""
    known = catalog(_spoken.get()).get(one) or (one if count == 1 else many)
    return known.format(count=f"{count:,}", **values)


def phrase(message: str, /) -> str:
    """Return a message as it is: it is said elsewhere, and to be translated."""
    return message


def language_of(code: str | None) -> str | None:
    """Return the language of ours that an IETF tag asks for, as Telegram gives one of each person; None for others."""
    parts = (code or "").lower().split("-")
    if parts[0] == "zh":
        return "zh-Hant" if _TRADITIONAL.intersection(parts) else "zh-Hans"
    return "en" if parts[0] == "en" else None
