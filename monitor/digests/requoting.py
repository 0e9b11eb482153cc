"""Puts another quote into a message whose post was edited; the line about it, and all else, stays as it was."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from monitor.digests.draft import Draft, utf16_length
from monitor.digests.people import has_handle, is_exposing
from monitor.digests.reactions import write_quote
from monitor.digests.redaction import redacted
from monitor.models import Entity, Mention, Message, Parcel, PostKey, Quoted
from monitor.saying import phrase, say
from monitor.text.quotes import Excerpt, excerpt

EDITED = phrase("edited")


class Quote(NamedTuple):
    """What may be quoted of a text now."""

    text: str
    excerpt: Excerpt


Quotes = Mapping[PostKey, Quote | None]
"""The quotes of posts that were edited; None for one of which nothing may be quoted any more."""


def quote_of(mention: Mention) -> Quote | None:
    """Return what may be quoted of a post in a message that quotes it already; None: nothing."""
    text = mention.post.text
    if is_exposing(text):
        return None
    cut = excerpt(text, [span for hit in mention.terms for span in hit.spans])
    return None if cut is None or has_handle(text[slice(*cut.quote)]) else Quote(text, cut)


def requoted(parcel: Parcel, quotes: Quotes) -> Parcel:
    """Return a parcel that quotes posts as they are now; what must not be quoted any more is taken back.

    A message that only links to a post stays as it is.
    """
    message = parcel.message
    lost = {each.key for each in message.quotes if quotes.get(each.key, "unknown") is None and _block(message, each)}
    for quoted in sorted(message.quotes, key=lambda each: -each.offset):
        block, quote = _block(message, quoted), quotes.get(quoted.key)
        if block is not None and quote is not None:
            fresh = _exchanged(message, block, quote)
            # Whoever read it before must see that it is another one, in channels too, where nobody is told anything.
            message = _marked(fresh, quoted) if fresh.text != message.text else fresh
    return redacted(replace(parcel, message=message), lost) if lost else replace(parcel, message=message)


def _block(message: Message, quoted: Quoted) -> Entity | None:
    """Return the block in which a message quotes a post."""
    end = quoted.offset + quoted.length
    inside = (e for e in message.entities if quoted.offset <= e.offset and e.offset + e.length <= end)
    return next((each for each in inside if each.type == "blockquote"), None)


def _exchanged(message: Message, block: Entity, quote: Quote) -> Message:
    draft = Draft()
    with draft.marked("blockquote"):
        write_quote(draft, quote.text, quote.excerpt)
    units, end = message.text.encode("utf-16-le"), block.offset + block.length
    text = units[: 2 * block.offset] + draft.text.encode("utf-16-le") + units[2 * end :]
    fresh = [replace(each, offset=each.offset + block.offset) for each in draft.entities()]
    entities: list[Entity] = []
    for each in message.entities:
        if each is block:
            entities += fresh
        elif not (block.offset <= each.offset and each.offset + each.length <= end):
            entities.append(replace(each, **_moved(each, block, draft.length)))
    return replace(
        message,
        text=text.decode("utf-16-le"),
        entities=tuple(entities),
        quotes=tuple(replace(each, **_moved(each, block, draft.length)) for each in message.quotes),
    )


def _marked(message: Message, quoted: Quoted) -> Message:
    """Write behind what a message tells of a post that its quote is an edited one, once."""
    here = next(each for each in message.quotes if (each.key, each.offset) == (quoted.key, quoted.offset))
    units, end, mark = message.text.encode("utf-16-le"), here.offset + here.length, f" · {say(EDITED)}"
    if units[: 2 * end].decode("utf-16-le").endswith(mark):
        return message
    length = utf16_length(mark)
    text = units[: 2 * end] + mark.encode("utf-16-le") + units[2 * end :]
    return replace(
        message,
        text=text.decode("utf-16-le"),
        entities=tuple(replace(each, **_behind(each, end, length)) for each in message.entities),
        quotes=tuple(
            replace(each, length=each.length + length) if each is here else replace(each, **_behind(each, end, length))
            for each in message.quotes
        ),
    )


def _behind(each: Entity | Quoted, end: int, length: int) -> dict[str, int]:
    """Return where something is after words were put in at `end`: what ends there stays as it is."""
    if each.offset >= end:
        return {"offset": each.offset + length}
    return {"length": each.length + length} if each.offset + each.length > end else {}


def _moved(each: Entity | Quoted, block: Entity, length: int) -> dict[str, int]:
    """Return where something is after a block got another length: before, behind or around it."""
    grown, end = length - block.length, block.offset + block.length
    if each.offset >= end:
        return {"offset": each.offset + grown}
    return {"length": each.length + grown} if each.offset + each.length >= end else {}
