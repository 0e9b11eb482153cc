"""When each spelling, script and address of a topic was first seen, ever: remembered when its posts are long gone.

    mentions ─► the earliest of each form ─beside what is remembered─► the earlier one ─► remembered

What is remembered says when and on which platform, not in which post nor by whom.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import xxhash

from monitor.models import First, Mention
from monitor.novelty import Form
from monitor.signals.accounts import written_in
from monitor.text.urls import page_key

LONGEST = 40
"""Characters of a spelling: longer ones are what a pattern spans, no way to write a keyword."""


class Seen(NamedTuple):
    """A form of a topic: what kind it is, and what it is called."""

    form: Form
    label: str


Firsts: TypeAlias = Mapping[Seen, First]
NOTHING: Firsts = MappingProxyType({})


def firsts_of(mentions: Iterable[Mention], *, with_links: bool = False) -> dict[Seen, First]:
    """Return the earliest mention of each form, whatever their order; withdrawn ones say nothing any more."""
    earliest: dict[Seen, Mention] = {}
    for mention in mentions:
        if mention.withdrawn:
            continue
        for seen in _forms(mention, with_links=with_links):
            known = earliest.get(seen)
            if known is None or _age(mention) < _age(known):
                earliest[seen] = mention
    return {seen: _first(seen, mention) for seen, mention in earliest.items()}


def earlier_of(some: Firsts, others: Firsts) -> dict[Seen, First]:
    """Return the earlier one of each form of `some`, where `others` know it too."""
    return {seen: min(first, others.get(seen, first), key=lambda each: each.time) for seen, first in some.items()}


def link_seen(url: str) -> Seen | None:
    """Return the form of an address, which is a hash: it can be recognised, and tells nothing."""
    key = page_key(url)
    return None if key is None else Seen("link", xxhash.xxh3_64_hexdigest(key.encode("utf-8", "surrogatepass")))


def told(firsts: Firsts) -> tuple[First, ...]:
    """Return the firsts of spellings and scripts, oldest first."""
    spoken = (each for each in firsts.values() if each.form != "link")
    return tuple(sorted(spoken, key=lambda each: (each.time, each.form, each.label)))


def _forms(mention: Mention, *, with_links: bool) -> Iterator[Seen]:
    language = written_in(mention)
    if language != "und":
        yield Seen("script", language)
    for hit in mention.terms:
        if not hit.variants:
            yield Seen("variant", hit.term)
            continue
        for span, variant in zip(hit.spans, hit.variants, strict=True):
            written = " ".join(mention.post.text[slice(*span)].lower().split()) if variant else hit.term
            if 0 < len(written) <= LONGEST:
                yield Seen("variant", written)
    if with_links:
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


def _age(mention: Mention) -> tuple[object, ...]:
    return mention.post.time, mention.post.key
