"""A message being written: plain text, and its entities in the units that Telegram counts.

Offsets are UTF-16 units (https://core.telegram.org/bots/api#messageentity). No entity starts or ends on white space,
none is empty, and quotes never hold quotes: the server would silently move or drop such entities.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from monitor.models import Entity, PostKey, Quoted

LONGEST_TEXT = 4096
MOST_ENTITIES = 100
"""Limits of one Telegram message, text in UTF-16 units after parsing (https://core.telegram.org/bots/api#sendmessage)."""

_BLOCKS = frozenset(("blockquote", "expandable_blockquote"))


class Draft:
    """Text and entities, appended to. Offsets are code points until `entities` is asked for."""

    def __init__(self) -> None:
        self._text = ""
        self._open: list[str] = []
        self._marks: list[tuple[int, int, str, str | None]] = []
        self._quotes: list[tuple[int, int, PostKey, str]] = []

    @property
    def text(self) -> str:
        """Return what was written so far."""
        return self._text

    @property
    def length(self) -> int:
        """Return the length of the text in UTF-16 units."""
        return utf16_length(self._text)

    def write(self, text: str) -> None:
        """Append text."""
        self._text += text

    def link(self, text: str, url: str | None) -> None:
        """Append text that leads to an address, or just the text where there is none."""
        if url is None:
            return self.write(text)
        with self.marked("text_link", url):
            self.write(text)
        return None

    @contextmanager
    def marked(self, kind: str, url: str | None = None) -> Iterator[None]:
        """Give what is written inside the block an entity."""
        assert not (kind in _BLOCKS and _BLOCKS.intersection(self._open)), "quotes cannot be nested"
        start = len(self._text)
        self._open.append(kind)
        yield
        self._open.pop()
        self._mark(start, kind, url)

    @contextmanager
    def about(self, post: PostKey, author: str | None) -> Iterator[None]:
        """Note that what is written inside the block tells of a post, so that it can be taken back.

        The author is the keyed hash, None for nobody's.
        """
        start = len(self._text)
        yield
        self._quotes.append((start, len(self._text), post, author or ""))

    def quotes(self) -> tuple[Quoted, ...]:
        """Return what tells of which post, in UTF-16 units."""
        return tuple(
            Quoted(post, utf16_length(self._text[:start]), utf16_length(self._text[start:end]), author)
            for start, end, post, author in self._quotes
        )

    def entities(self) -> tuple[Entity, ...]:
        """Return the entities, outer before inner, in UTF-16 units."""
        outer_first = sorted(self._marks, key=lambda mark: (mark[0], -mark[1], mark[2] not in _BLOCKS))
        return tuple(self._entity(*mark) for mark in outer_first)

    def _mark(self, start: int, kind: str, url: str | None) -> None:
        """Keep a mark of what was written since `start`, without the white space around it."""
        written = self._text[start:]
        start += len(written) - len(written.lstrip())
        end = start + len(written.strip())
        if start < end:
            self._marks.append((start, end, kind, url))

    def _entity(self, start: int, end: int, kind: str, url: str | None) -> Entity:
        offset = utf16_length(self._text[:start])
        return Entity(type=kind, offset=offset, length=utf16_length(self._text[start:end]), url=url)


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 units: characters beyond U+FFFF take two."""
    return len(text) + sum(char > "\uffff" for char in text)
