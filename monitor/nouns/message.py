"""Outbound words: what is sent to a chat, and what it shows of posts. Offsets are Telegram's, in UTF-16 units."""

from typing import NamedTuple

import msgspec

from monitor.nouns.button import Button
from monitor.nouns.post_key import PostKey


class Entity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A formatted range of a message, in UTF-16 units, with Telegram's type names (bold, blockquote, text_link …)."""

    type: str
    offset: int
    length: int
    url: str | None = None


class Quoted(msgspec.Struct, frozen=True, array_like=True):
    """What a message tells of one post: a range of its text, in UTF-16 units; and by whom, as a keyed hash.

    "" is nobody, and who wrote what an earlier release quoted. So words are found that outlived their post here.
    """

    key: PostKey
    offset: int
    length: int
    author: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a digest, or an answer, rendered for one chat: plain text and entities, never markup.

    Silent by default. `thread` is the topic of a forum in which it stands, `buttons` are rows of them.
    """

    id: str
    chat: str
    digest_id: str
    part: int
    text: str
    entities: tuple[Entity, ...] = ()
    silent: bool = True
    thread: int | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    quotes: tuple[Quoted, ...] = ()


def part_id(digest_id: str, part: int) -> str:
    """Return the id of the message that is a part of a digest."""
    return f"{digest_id}-{part}"


class Receipt(NamedTuple):
    """A sink's word that a message arrived: its id there."""

    message_id: str


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A message and the posts that it shows: they are claimed for its chat.

    With a photo or a document, which has a name, the text is its caption.
    """

    message: Message
    posts: tuple[PostKey, ...] = ()
    photo: bytes | None = None
    document: bytes | None = None
    file_name: str = ""
