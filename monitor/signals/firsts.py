"""When each spelling, script and address of a topic was first seen, ever: remembered when its posts are long gone.

    mentions ─► the earliest of each form ─beside what is remembered─► the earlier one ─► remembered

What is remembered says when and on which platform, not in which post nor by whom.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, TypeVar

import xxhash

from monitor.models import First, Mention, PostKey
from monitor.nouns.novelty import Form
from monitor.signals.accounts import written_in
from monitor.text.urls import KEPT, page_key

LONGEST = 40
"""Characters of a spelling: longer ones are what a pattern spans, no way to write a keyword."""


class Seen(NamedTuple):
    """A form of a topic: what kind it is, and what it is called."""

    form: Form
    label: str


Firsts: TypeAlias = Mapping[Seen, First]
NOTHING: Firsts = MappingProxyType({})


def firsts_of(mentions: Sequence[Mention], *, with_links: bool = False) -> dict[Seen, First]:
    """Return the earliest mention of each form, whatever their order; withdrawn ones say nothing any more."""
    alike: dict[tuple[object, ...], Mention] = {}
    for mention in mentions:
        if not mention.withdrawn:
            # Thousands of posts have the same forms: those of the earliest of them are looked at.
            _keep_earlier(alike, (mention.language, mention.script, *_spellings(mention)), mention)
    earliest: dict[Seen, Mention] = {}
    for mention in alike.values():
        for seen in _spoken(mention):
            _keep_earlier(earliest, seen, mention)
    for mention in mentions if with_links else ():
        for seen in () if mention.withdrawn else _linked(mention):
            _keep_earlier(earliest, seen, mention)
    return {seen: _first(seen, mention) for seen, mention in earliest.items()}


Name = TypeVar("Name", bound=Hashable)


def _keep_earlier(earliest: dict[Name, Mention], name: Name, mention: Mention) -> None:
    known = earliest.get(name)
    if known is None or _age(mention) < _age(known):
        earliest[name] = mention


def earlier_of(some: Firsts, others: Firsts) -> dict[Seen, First]:
    """Return the earlier one of each form of `some`, where `others` know it too."""
    return {seen: min(first, others.get(seen, first), key=lambda each: each.time) for seen, first in some.items()}


@lru_cache(KEPT)
def link_seen(url: str) -> Seen | None:
    """Return the form of an address, which is a hash: it can be recognised, and tells nothing."""
    key = page_key(url)
    return None if key is None else Seen("link", xxhash.xxh3_64_hexdigest(key.encode("utf-8", "surrogatepass")))


def told(mentions: Sequence[Mention], remembered: Firsts, since: datetime) -> tuple[First, ...]:
    """Return the firsts of spellings and scripts, oldest first, and those of links that are from before a time.

    Nothing, where nothing is remembered: the first post of a window says when the window began, no more.
    """
    if not remembered:
        return ()
    spoken = earlier_of(firsts_of(mentions), remembered)
    links = {seen: first for seen in _links_of(mentions) if (first := remembered.get(seen)) and first.time < since}
    firsts = (*spoken.values(), *links.values())
    return tuple(sorted(firsts, key=lambda each: (each.time, each.form, each.label)))


def _links_of(mentions: Iterable[Mention]) -> set[Seen]:
    return {seen for mention in mentions if mention.post.links for seen in _linked(mention)}


def _spellings(mention: Mention) -> list[str]:
    """Return how keywords are written in a post: as they are configured, or otherwise."""
    written = []
    for hit in mention.terms:
        if not hit.variants:
            written.append(hit.term)
            continue
        for span, variant in zip(hit.spans, hit.variants, strict=True):
            written.append(" ".join(mention.post.text[slice(*span)].lower().split()) if variant else hit.term)
    return written


def _spoken(mention: Mention) -> Iterator[Seen]:
    language = written_in(mention)
    if language != "und":
        yield Seen("script", language)
    yield from (Seen("variant", written) for written in _spellings(mention) if 0 < len(written) <= LONGEST)


def _linked(mention: Mention) -> Iterator[Seen]:
    own = (mention.post.url,) if mention.post.key.source == "rss" and mention.post.url else ()
    yield from {seen for url in (*own, *mention.post.links) if (seen := link_seen(url)) is not None}


def _first(seen: Seen, mention: Mention) -> First:
    return First(
        form=seen.form,
        label=seen.label,
        time=mention.post.time,
        source=mention.post.key.source,
        language=written_in(mention),
        backfilled=mention.backfilled,
    )


def _age(mention: Mention) -> tuple[datetime, PostKey]:
    return mention.post.time, mention.post.key
