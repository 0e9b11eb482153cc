"""Looks up, before a digest, the names of authors whose posts it will show by name, and of nobody else.

accounts that the configuration names ─not known yet─► looked up by handle, once a month ─┐
posts that would be shown by name ─without one─► looked up ───────────────────────────────┴─► kept by hash

A platform that bills each name and cannot be asked, or may not by its budget, costs the digest a name and no more.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from monitor.digests.compose import Brief, compose
from monitor.digests.people import classify, show
from monitor.errors import SourceError
from monitor.home import author_key
from monitor.models import Author, Mention, PostKey
from monitor.pipeline import gather
from monitor.readers.shelves import shelf_of
from monitor.seams.bylines import Bylines
from monitor.seams.spending import may_be_asked
from monitor.text.authors import hashed, plain_name
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

UNKNOWN = "?"
"""Stands for a handle that is not known yet, while it is found out which posts a digest would show."""


def look_up_names(monitor: Monitor, brief: Brief, now: datetime) -> int:
    """Look up the names that a digest needs; return how many were found."""
    found = 0
    for source, asked in _asked(monitor, brief):
        gathered = gather(brief.topic, brief.window, shelf_of(monitor, brief.topic), now)
        if not any(_is_nameless(each, source) for each in gathered.mentions):
            continue
        try:
            found += _accounts(monitor, source, asked, brief, now)
            found += _signatures(monitor, source, asked, brief, now)
        except SourceError as e:
            log.warning("names not looked up", extra={"source": source, "reason": e.reason})
    return found


def _asked(monitor: Monitor, brief: Brief) -> Iterator[tuple[str, Bylines]]:
    """Yield the sources of a topic that bill names and may be asked, where anybody of them may be shown by name."""
    for name, source in monitor.sources.items():
        is_wanted = brief.people == "names" or any(entry.startswith(f"{name}:") for entry in brief.named)
        if isinstance(source, Bylines) and may_be_asked(source) and is_wanted and name in brief.topic.sources:
            yield name, source


def _accounts(monitor: Monitor, source: str, asked: Bylines, brief: Brief, now: datetime) -> int:
    """Look up the handles that may be named, and learn by what hash their posts are known."""
    known = {plain_name(each.handle) for each in monitor.names.all().values() if each.handle}
    entries = (plain_name(entry.partition(":")[2]) for entry in brief.named if entry.startswith(f"{source}:"))
    wanted = sorted(each for each in set(entries) - known if _is_handle(each))
    return _keep(monitor, source, asked.accounts(wanted, now), now) if wanted else 0


def _signatures(monitor: Monitor, source: str, asked: Bylines, brief: Brief, now: datetime) -> int:
    """Look up who wrote the posts that the digest would show by name."""
    gathered = gather(brief.topic, brief.window, shelf_of(monitor, brief.topic), now)
    pretended = [_pretended(each, source, brief) for each in gathered.mentions]
    made = compose(brief, *gathered._replace(mentions=pretended))
    shown = [each.mention.post for each in made.reactions if each.mention.post.author.handle == UNKNOWN]
    keys: list[PostKey] = [post.key for post in shown]
    return _keep(monitor, source, [*asked.signatures(keys, now).values()], now) if keys else 0


def _pretended(mention: Mention, source: str, brief: Brief) -> Mention:
    """Return a mention as if its author's name were known, where it is not and may be shown."""
    post = mention.post
    is_shown = _is_nameless(mention, source) and show(classify(mention, brief.named), brief.people, source).name
    if not is_shown:
        return mention
    return replace(mention, post=replace(post, author=replace(post.author, handle=UNKNOWN)))


def _is_nameless(mention: Mention, source: str) -> bool:
    return mention.post.key.source == source and mention.post.author.handle is None and not mention.withdrawn


def _keep(monitor: Monitor, source: str, authors: Iterable[Author], now: datetime) -> int:
    key = author_key(monitor.settings.home)
    names: Mapping[str, Author] = {hashed(key, f"{source}:{each.id}"): each for each in authors if each.id}
    monitor.names.keep(names, now)
    return len(names)


def _is_handle(name: str) -> bool:
    """Tell whether an entry can be a handle: a number is an id, which needs no look-up to be recognised."""
    return not name.isdecimal() and name.replace("_", "").isalnum() and name.isascii() and len(name) <= 15
