"""A digest as data, for programs: its numbers, and each item with source, id, offsets and text."""

from collections.abc import Set

import msgspec

from monitor.digests.people import are_exposing
from monitor.models import (
    Burst,
    CopyGroup,
    Digest,
    Engagement,
    First,
    Mention,
    Phrase,
    PostKey,
    Reaction,
    SharedLink,
)


class Range(msgspec.Struct, frozen=True):
    """Half-open range of code points in the item's text."""

    start: int
    end: int


class Matched(msgspec.Struct, frozen=True):
    """A keyword and where it matched in the item's text.

    `variants` says for each place how it is written otherwise, as in models.TermHit.
    """

    term: str
    spans: tuple[Range, ...]
    variants: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A post that the digest shows. `quote` is `text[start:end]`, exactly; all three are null for a link only."""

    source: str
    id: str
    url: str | None
    time: str
    language: str
    script: str | None
    text: str
    start: int | None
    end: int | None
    quote: str | None
    matched: tuple[Matched, ...]
    engagement: Engagement
    gained: int | None
    copies: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A post that was counted: where it matched, without its text. Posts that could expose somebody are not listed."""

    source: str
    id: str
    time: str
    language: str
    matched: tuple[Matched, ...]


class SameWording(msgspec.Struct, frozen=True, kw_only=True):
    """The largest group of copies. Its earliest post is named where it is among the mentions that are listed."""

    count: int
    accounts: int
    platforms: dict[str, int]
    first_seen: str
    last_seen: str
    earliest: str | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A digest and what it counted."""

    topic: str
    title: str
    start: str
    end: str
    count: int
    accounts: int
    usual: float | None
    ratio: float | None
    arithmetic: tuple[str, ...]
    burst: Burst | None
    hidden: int
    others: int
    same_wording: SameWording | None
    link: SharedLink | None
    phrases: tuple[Phrase, ...]
    firsts: tuple[First, ...]
    items: tuple[Item, ...]
    mentions: tuple[Seen, ...]
    text: str


def record_of(digest: Digest, mentions: tuple[Mention, ...] | list[Mention], text: str) -> Record:
    """Return a digest, the mentions that it counted and the text that was made of it, as data."""
    trend = digest.trend
    exposing = are_exposing(each.post.text for each in mentions)
    listed = [each for each, exposes in zip(mentions, exposing, strict=True) if not (each.withdrawn or exposes)]
    return Record(
        topic=digest.topic,
        title=digest.title,
        start=trend.window.start.isoformat(),
        end=trend.window.end.isoformat(),
        count=trend.count,
        accounts=trend.accounts,
        usual=trend.expected,
        ratio=trend.ratio,
        arithmetic=trend.arithmetic,
        burst=trend.burst,
        hidden=digest.hidden,
        others=digest.others,
        same_wording=_same_wording(digest.largest_group, {each.post.key for each in listed}),
        link=digest.link,
        phrases=trend.phrases,
        firsts=tuple(each for each in trend.firsts if each.form != "link"),
        items=tuple(_item(reaction) for reaction in digest.reactions),
        mentions=tuple(map(_seen, listed)),
        text=text,
    )


def _same_wording(group: CopyGroup | None, listed: Set[PostKey]) -> SameWording | None:
    if group is None:
        return None
    return SameWording(
        count=group.count,
        accounts=group.accounts,
        platforms={each.label: each.count for each in group.platforms},
        first_seen=group.first_seen.isoformat(),
        last_seen=group.last_seen.isoformat(),
        earliest=str(group.earliest) if group.earliest in listed else None,
    )


def _item(reaction: Reaction) -> Item:
    mention, quote = reaction.mention, reaction.quote
    post = mention.post
    return Item(
        source=post.key.source,
        id=post.key.id,
        url=post.url,
        time=post.time.isoformat(),
        language=mention.language,
        script=mention.script,
        text=post.text,
        start=None if quote is None else quote.start,
        end=None if quote is None else quote.end,
        quote=None if quote is None else post.text[quote.start : quote.end],
        matched=_matched(mention),
        engagement=reaction.engagement,
        gained=reaction.gained,
        copies=reaction.copies,
    )


def _seen(mention: Mention) -> Seen:
    post = mention.post
    return Seen(
        source=post.key.source,
        id=post.key.id,
        time=post.time.isoformat(),
        language=mention.language,
        matched=_matched(mention),
    )


def _matched(mention: Mention) -> tuple[Matched, ...]:
    return tuple(Matched(hit.term, tuple(Range(*span) for span in hit.spans), hit.variants) for hit in mention.terms)
