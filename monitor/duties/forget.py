"""Forgets an author: posts, index entries, quotes in messages, backups; what is left is a keyed hash.

tomb ─► messages (erased here, edited where they were sent) ─► posts, folded into counts ─► log and backups made anew

Every step can be done again, and is: a look that was under way may store a page a moment later.
"""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.digests.platforms import platform_label
from monitor.errors import ConfigError, SourceError
from monitor.home import author_key
from monitor.models import Post, PostKey, SetAside
from monitor.seams.credentials import missing_of
from monitor.seams.naming import Naming
from monitor.seams.quarantine import Quarantined
from monitor.sources import SOURCES, STREAMS
from monitor.store.outlived import FORGOTTEN
from monitor.text.authors import hashed, plain_name, tomb
from monitor.text.profiles import IDS, authors_in, platform_of
from monitor.topics.polling.planning import query_of
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

UNDER_WAY = timedelta(minutes=6)
"""So long after an author was erased nobody is at a page or a digest any more that was begun before (jobs.py)."""

_ESCAPES = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")

Wanted = Callable[[Post], bool]
"""Tells whether a stored post is one to be forgotten."""

Telling = Callable[[PostKey, str], bool]
"""Tells whether words of a message are to be forgotten, by the post and the keyed hash of its author."""


class NamedAuthor(NamedTuple):
    """Who is to be forgotten on a platform: by an id or handle, and by the id that a handle was found to have."""

    source: str
    name: str
    id: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return all names by which posts may tell who it is."""
        return (self.name,) if self.id is None else (self.name, self.id)


class Forgotten(NamedTuple):
    """What was found and erased; `to_edit` messages are corrected where their readers have them.

    `hash` is what is left, one for the handle and one for the id where both are known.
    """

    hash: str
    posts: int
    messages: int
    to_edit: int
    set_aside: int


def parse_author(text: str) -> NamedAuthor:
    """Return who "source:id" or "source:handle" is; raise ConfigError when it is nobody."""
    source, _, name = text.partition(":")
    name = name.strip().removeprefix("/").removeprefix("u/") if source == "reddit" else name.strip()
    if source not in {*SOURCES, *STREAMS} or not plain_name(name):
        known = ", ".join([*SOURCES, *STREAMS])
        raise ConfigError([f'"{text}" names nobody; write SOURCE:HANDLE or SOURCE:ID, where SOURCE is one of {known}'])
    if platform_of(source) == "mastodon" and "@" not in plain_name(name):
        raise ConfigError([f'"{text}" may be somebody on any server; write mastodon:NAME@SERVER'])
    return NamedAuthor(platform_of(source), name)


def identified(author: NamedAuthor, platforms: Mapping[str, object], now: datetime) -> NamedAuthor:
    """Return an author with the id that posts have; raise ConfigError, saying where it is, when nobody tells."""
    form = IDS.get(author.source)
    if form is None or form.form.fullmatch(author.name):
        return author
    handle, reason = author.name.lstrip("@"), "nobody could be asked"
    platform = platforms.get(author.source)
    try:
        if isinstance(platform, Naming):
            found = platform.id_of(handle, now)
            if found is not None:
                return author._replace(id=found)
            reason = "nobody has that handle now"
    except SourceError as e:
        reason = missing_of(platform) or e.reason
    known = f"{platform_label(author.source)} names authors by their {form.called}"
    remedy = f"write {author.source}:ID, where ID is the {form.called}: {form.where}"
    raise ConfigError([f'nobody was forgotten: {known}, and that of "{handle}" is not known ({reason}); {remedy}'])


def forget(monitor: Monitor, author: NamedAuthor, now: datetime) -> Forgotten:
    """Erase everything of an author, and let nothing of them in again."""
    key = author_key(monitor.settings.home)
    spelled = (each for name in author.names for each in _spellings(name))
    stored = frozenset(hashed(key, f"{author.source}:{name}") for name in spelled)
    # Posts of some platforms hold no handle: who was looked up by name is found by it.
    stored |= monitor.names.remove(stored, author.name)
    marks = [tomb(key, author.source, name) for name in author.names]
    # First of all: what comes from now on is refused, whichever of the names it has.
    for mark in marks:
        monitor.forgotten.add(mark, stored, now)
    found = _erase(monitor, key, _named(author, stored), _telling(author, stored))
    return found._replace(hash=" ".join(marks), set_aside=_set_aside(monitor, author, stored))


def purge(monitor: Monitor) -> bool:
    """Erase what came in after all of those who are forgotten already, and say whether anything did."""
    stored = frozenset[str]().union(*(each.stored for each in monitor.forgotten.all().values()))
    if not stored:
        return False
    found = _erase_of(monitor, stored)
    if found.posts or found.messages:
        log.info("forgotten", extra={"posts": found.posts, "messages": found.messages})
    return bool(found.posts or found.messages)


def erase_departed(monitor: Monitor, now: datetime) -> None:
    """Erase everything of authors whose accounts are gone. They have no tomb: who comes back may be quoted again.

    Who left a moment ago is erased once more the next time: a page of theirs may be under way.
    """
    gone, settled = monitor.departed.all(), monitor.departed.before(now - UNDER_WAY)
    if not gone:
        return
    found = _erase_of(monitor, gone)
    monitor.names.remove(gone)
    set_aside = [each.key for each in monitor.quarantine.all() if each.item.author.id in gone]
    if set_aside:
        monitor.quarantine.remove(set_aside)
    monitor.departed.remove(settled)
    if found.posts or found.messages:
        log.info("departed", extra={"posts": found.posts, "messages": found.messages})


def _erase_of(monitor: Monitor, authors: frozenset[str]) -> Forgotten:
    """Erase everything of authors, who are known as posts have them: by keyed hashes."""
    key = author_key(monitor.settings.home)
    return _erase(monitor, key, lambda post: post.author.id in authors, lambda _, author: author in authors)


def _erase(monitor: Monitor, key: bytes, wanted: Wanted, telling: Telling) -> Forgotten:
    posts = _posts(monitor, wanted)
    keys = frozenset().union(*posts.values()) if posts else frozenset[PostKey]()
    # Messages first: a kill after this finds the posts again. They may tell of posts that are pruned by now.
    erased = monitor.words.erase(keys | monitor.words.told_of(telling), lambda post: nameless(key, post))
    for topic, own in posts.items():
        monitor.mentions.remove(topic, own)
    return Forgotten("", len(keys), erased.messages, erased.to_edit, 0)


def _posts(monitor: Monitor, wanted: Wanted) -> dict[str, frozenset[PostKey]]:
    topics = [*monitor.topics.all(), *monitor.topics.retired()]
    found = {each.name: monitor.mentions.matching(each.name, wanted) for each in topics}
    return {name: frozenset(each.post.key for each in mentions) for name, mentions in found.items() if mentions}


def nameless(key: bytes, post: PostKey) -> PostKey:
    """Return the name under which a claim stays counted: a post's own often holds its author's id."""
    return PostKey(FORGOTTEN, hashed(key, f"forgotten post {post}"))


def _named(author: NamedAuthor, stored: frozenset[str]) -> Wanted:
    names = frozenset(map(plain_name, author.names))

    def wanted(post: Post) -> bool:
        if post.key.source != author.source:
            return False
        handle = post.author.handle
        if post.author.id in stored or (handle is not None and plain_name(handle) in names):
            return True
        return any(plain_name(each) in names for each in authors_in(post.key, post.url))

    return wanted


def _telling(author: NamedAuthor, stored: frozenset[str]) -> Telling:
    names = frozenset(map(plain_name, author.names))

    def telling(post: PostKey, writer: str) -> bool:
        if post.source != author.source:
            return False
        return writer in stored or any(plain_name(each) in names for each in authors_in(post, None))

    return telling


def _spellings(name: str) -> frozenset[str]:
    """Return a name as a source may have given it."""
    bare = name.lstrip("@")
    return frozenset({name, bare, f"@{bare}", bare.casefold(), bare.lower()})


def _set_aside(monitor: Monitor, author: NamedAuthor, stored: frozenset[str]) -> int:
    """Remove items of a source in quarantine that are of the author, or name them as a whole word."""
    names = [plain_name(each).encode("utf-8", "surrogatepass") for each in author.names]
    own = [
        each.key
        for each in monitor.quarantine.all()
        if each.item.author.id in stored
        or (_platform(each) == author.source and any(_says(name, said) for name in names for said in _words(each.item)))
    ]
    return monitor.quarantine.remove(own) if own else 0


def _platform(kept: Quarantined) -> str:
    """Return from where an item is: what others wrote elsewhere about somebody of the same name stays."""
    return platform_of(kept.item.id.partition(":")[0] if kept.item.kind == "post" else query_of(kept.subject).source)


def _says(name: bytes, text: bytes) -> bool:
    """Tell whether a text holds a name. Chinese has no spaces: only Latin letters and digits lengthen a word."""
    return re.search(rb"(?<![0-9a-z_])" + re.escape(name) + rb"(?![0-9a-z_])", text) is not None


def _words(item: SetAside) -> tuple[bytes, bytes]:
    """Return what an item says, without the escapes of JSON, whose letters would lengthen a word."""
    id_ = item.id.casefold().encode("utf-8", "surrogatepass")
    return _ESCAPES.sub(b" ", item.raw.lower().replace(b"\\/", b"/")), id_
