"""A status of Mastodon's API as a post, if its author lets it be read: https://docs.joinmastodon.org/entities/Status/.

A status that came over a bridge from Bluesky is the post of Bluesky that it is a copy of: it has that one's key,
whoever gives it, and no counts, for those of the bridge are not its own.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from monitor.models import Author, Engagement, Post, PostKey, SetAside
from monitor.sources.items import item_id
from monitor.text.markup import links, plain
from monitor.text.urls import canonical

NAME = "mastodon"
BROUGHT = (NAME, "bluesky")
"""Whose posts instances show: what a bridge brings is a post of Bluesky."""
_BRIDGED = re.compile(r"https://[a-z.]*brid\.gy/convert/ap/(at://(did:[a-z0-9:._-]+)/app\.bsky\.feed\.post/(\w+))")
_NO_BOTS = re.compile(r"#no-?bots?\b", re.IGNORECASE)
_PEOPLE_AND_TAGS = frozenset({"mention", "hashtag", "u-url"})


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote a status, and what of it they allow."""

    acct: str
    display_name: str = ""
    note: str = ""
    fields: tuple[Mapping[str, Any], ...] = ()
    indexable: bool | None = None
    noindex: bool | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The preview of an address that a status shares."""

    url: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A status as an instance gives it. Ids are texts on Mastodon and numbers on some servers that speak its API."""

    id: str | int
    uri: str
    created_at: str
    visibility: str
    content: str
    url: str | None = None
    spoiler_text: str = ""
    account: Account | None = None
    language: str | None = None
    reblog: "Status | None" = None
    in_reply_to_id: str | int | None = None
    replies_count: int | None = None
    reblogs_count: int | None = None
    favourites_count: int | None = None
    card: Card | None = None


class _Identity(NamedTuple):
    key: PostKey
    url: str | None
    author: Author
    engagement: Engagement


def decoded(raw: bytes) -> Status:
    """Return a status, or of a boost the status that it passes on. Raise msgspec.DecodeError."""
    status = msgspec.json.decode(raw, type=Status)
    return status.reblog or status


def is_open(status: Status, *, is_search: bool) -> bool:
    """Tell whether a status may be read: it is public, and its author does not refuse bots ("#nobot" in the profile).

    `is_search`: it was found by its words alone, among all that was said; then its author must not have refused to be
    found so ("indexable", Mastodon 4.2). Who sets a hashtag wants to be found by it. So Mastodon's own search decides.
    """
    if status.visibility != "public":
        return False
    account = status.account
    if account is None:
        return True  # out of quarantine, where only what was open came
    if is_search and (account.indexable is False or account.noindex is True):
        return False
    profile = [account.note, account.display_name, *(str(field.get("value", "")) for field in account.fields)]
    return not any(_NO_BOTS.search(plain(text)) for text in profile)


def post_of(status: Status, now: datetime) -> Post | None:
    """Return the post of a status; None when it has no text."""
    content = plain(status.content)
    text = "\n\n".join(part for part in (status.spoiler_text.strip(), content) if part)
    if not text:
        return None
    identity = _bridged(status) or _native(status)
    shared = links(status.content, besides=_PEOPLE_AND_TAGS) + ((status.card.url,) if status.card else ())
    return Post(
        key=identity.key,
        url=identity.url,
        text=text,
        observed_at=now,
        created_at=_time(status.created_at),
        author=identity.author,
        language_hint=status.language,
        engagement=identity.engagement,
        links=tuple(dict.fromkeys(link for link in shared if link.startswith(("http://", "https://")))),
        in_reply_to=None if status.in_reply_to_id is None else str(status.in_reply_to_id),
    )


def key_of(uri: str) -> PostKey:
    """Return the identity of a status: its `uri`, which is the same on all instances; a bridged one's is Bluesky's."""
    bridged = _BRIDGED.fullmatch(uri)
    return PostKey("bluesky", bridged[1]) if bridged else PostKey(NAME, canonical(uri) or uri)


def nameless(raw: bytes) -> SetAside:
    """Return a status that is set aside, its author apart; nothing of one that nobody may keep."""
    kept, author = b"", Author()
    try:
        record = msgspec.json.decode(raw)
        status = decoded(raw)
        inner = record["reblog"] or record if "reblog" in record else record
        if is_open(status, is_search=False):
            author = _author(status)
            kept = msgspec.json.encode({name: value for name, value in inner.items() if name in _KEPT})
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        kept, author = b"", Author()  # nobody can tell where in it the author's name stands
    return SetAside(kind="item", id=item_id(NAME, raw), raw=kept, reason="", author=author)


_KEPT = frozenset(Status.__struct_fields__) - {"account", "reblog", "card", "url"}
"""What of a status is needed to read it again, and names nobody: others are named where it quotes them, too."""


def _bridged(status: Status) -> _Identity | None:
    found = _BRIDGED.fullmatch(status.uri)
    if found is None:
        return None
    place, did, record = found.groups()
    handle = None if status.account is None else status.account.acct.partition("@")[0]
    name = None if status.account is None else status.account.display_name or None
    author = Author() if handle is None else Author(id=did, handle=handle, name=name)
    url = f"https://bsky.app/profile/{did}/post/{record}"
    return _Identity(PostKey("bluesky", place), url, author, Engagement())


def _native(status: Status) -> _Identity:
    key = key_of(status.uri)
    engagement = Engagement(likes=status.favourites_count, reposts=status.reblogs_count, replies=status.replies_count)
    # Without its path the address would lead nowhere; a handle in it is the platform's way.
    url = status.url or status.uri
    return _Identity(key, url if url.startswith(("http://", "https://")) else None, _author(status), engagement)


def _author(status: Status) -> Author:
    """Return the author by the name that is the same on all instances: people of the instance itself lack its host."""
    if status.account is None:
        return Author()
    account = status.account
    handle = account.acct if "@" in account.acct else f"{account.acct}@{urlsplit(status.uri).hostname or ''}"
    return Author(id=handle, handle=handle, name=account.display_name or None)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
