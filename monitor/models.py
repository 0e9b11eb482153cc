"""The nouns. Life stages are in the names: payload → Post → Mention → Digest → Message.

Times are aware UTC. Languages are BCP 47 or "und". None means absent, never 0 or "".
Offsets count code points of the original text, except in Entity, where Telegram counts UTF-16 units.
Here are posts and what is counted and told of them; the others stand in nouns/, a file each, and are read from here.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple, NewType

import msgspec

from monitor.nouns.burst import Burst
from monitor.nouns.button import Button
from monitor.nouns.clues import Sense
from monitor.nouns.coverage import Counted, Coverage, Gap, Query, QueryStatus, Tally
from monitor.nouns.delivery import Delivery, DeliveryState
from monitor.nouns.incoming import Incoming, Role
from monitor.nouns.message import Entity, Message, Parcel, Quoted, Receipt
from monitor.nouns.novelty import First, Phrase
from monitor.nouns.ordinary import Ordinary
from monitor.nouns.post_key import PostKey
from monitor.nouns.sharing import SharedLink
from monitor.nouns.work import Job, Lease

__all__ = [
    "Burst",
    "Button",
    "Coverage",
    "Delivery",
    "DeliveryState",
    "Entity",
    "First",
    "Gap",
    "Incoming",
    "Job",
    "Lease",
    "Message",
    "Ordinary",
    "Parcel",
    "Phrase",
    "PostKey",
    "Query",
    "QueryStatus",
    "Quoted",
    "Receipt",
    "Role",
    "SharedLink",
]

Cursor = NewType("Cursor", str)
"""A resume point, opaque to all but the source that wrote it."""


class Span(NamedTuple):
    """Half-open range of code points in the original text."""

    start: int
    end: int


class Window(NamedTuple):
    """Half-open range of time."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return the time between start and end."""
        return self.end - self.start


class Author(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Who wrote a post. In the store `id` is a keyed hash, and the names are there only for class A."""

    id: str | None = None
    handle: str | None = None
    name: str | None = None


class Engagement(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Reactions to a post as the platform counted them; absent is not 0."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None


class Observation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Engagement as seen at one time."""

    at: datetime
    engagement: Engagement


class Post(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A normalised item; `text` is what its readers see. `is_counted_only`: only a place in the counts is kept."""

    key: PostKey
    url: str | None
    text: str
    observed_at: datetime
    created_at: datetime | None = None
    author: Author = Author()
    language_hint: str | None = None
    engagement: Engagement = Engagement()
    links: tuple[str, ...] = ()
    in_reply_to: str | None = None
    repost_of: str | None = None
    edited_from: str | None = None
    is_counted_only: bool = False

    @property
    def time(self) -> datetime:
        """Return the earlier of claimed and observed: platforms' clocks run ahead, ours does not."""
        created, observed = self.created_at, self.observed_at
        return observed if created is None or created > observed else created


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """An item that could not be worked on, so that the others of its page can go on.

    `kind` says what `raw` is: an "item" as its platform gave it but without its author, a "post" as JSON, a bot's
    "update". `id` is unique within the kind, `stage` where it broke, `reason` a sentence. `is_deadly`: it ended or
    stopped the process that worked on it, and must not be touched unguarded again.
    """

    kind: Literal["item", "post", "update"]
    id: str
    raw: bytes
    reason: str
    stage: str = "parse"
    author: Author = Author()
    is_deadly: bool = False


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one fetch brought: one page. `more` asks for the next page at once, `not_before` for patience.

    `moved_to` is the new query text after a permanent redirect. Items that could not be parsed are counted in
    `unreadable`, never dropped silently, and brought along in `set_aside` where the source can. `edits` are known posts
    with another text, `authors_gone` the ids (Author.id) of accounts that are gone with all that they wrote. `fresh`
    counts posts that no earlier batch brought, None: all of them. `tallies` are hours that the platform counted.
    """

    posts: tuple[Post, ...] = ()
    deletions: tuple[PostKey, ...] = ()
    edits: tuple[Post, ...] = ()
    authors_gone: tuple[str, ...] = ()
    fresh: int | None = None
    cursor: Cursor | None = None
    more: bool = False
    not_before: datetime | None = None
    cost: float = 0.0
    coverage: Coverage | None = None
    moved_to: str | None = None
    unreadable: int = 0
    set_aside: tuple[SetAside, ...] = ()
    tallies: tuple[Tally, ...] = ()


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A tracked discussion: keywords, and where and when to look for them.

    `query` is what it asks of a post in the keyword language (topics/language/), "" when it is written as lists:
    `any`: one of them must occur; `all`: each of them; `none`: not one of them. `sources` holds queries as written,
    e.g. "hackernews" or "rss:https://…". `digest_at` is a local time "HH:MM" in `timezone`, on `digest_days` (Monday is
    0; none are all). What does not mean `sense` is counted and no more.
    """

    name: str
    title: str
    query: str = ""
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    every: timedelta = timedelta(minutes=10)
    digest_at: str = "08:00"
    timezone: str = "UTC"
    digest_days: tuple[int, ...] = ()
    retention: timedelta = timedelta(days=30)
    sense: Sense | None = None


class TermHit(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A keyword of the topic, as configured, and the places in the original text where it matched.

    `variants` says for each place how its spelling differs ("separators", "script, look-alikes"), "" for not at all;
    empty where none does.
    """

    term: str
    spans: tuple[Span, ...]
    variants: tuple[str, ...] = ()


class Mention(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A post of a topic: what matched, in which language and script, and the group of its copies.

    `script` is "Hans", "Hant" or another ISO 15924 code, None when undecided. `group` is the fingerprint of what the
    text says and `sketch` what near copies are found by; `copies.grouped` makes final groups of both. Backfilled posts
    are older than our first look; they take no part in baselines. A withdrawn post keeps its place in the counts and
    nothing else.
    """

    post: Post
    topic: str
    terms: tuple[TermHit, ...]
    language: str = "und"
    script: str | None = None
    group: str = ""
    sketch: bytes = b""
    backfilled: bool = False
    withdrawn: bool = False


class Count(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A label and how often it was counted."""

    label: str
    count: int


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """How much was said in a window, and how much is usual. Every number keeps its arithmetic.

    `expected` is None while too little was sampled; `sampled` of `needed` hours say how far it got. `ratio` is
    count ÷ expected. `burst` is what stood out in the window, `phrases` came with it; `firsts` say when each spelling
    and script was first seen, ever. `counted`: in `count` is what a platform counted and nobody read. `ordinary` says
    what is usual in each hour, None where too little was read to say; `unread` are the times that were not read.
    `arithmetic` explains, a sentence a line; those that explain the burst alone are in `burst_told` too.
    `compared_with` names the earlier windows, "" where there are none.
    """

    topic: str
    window: Window
    count: int
    accounts: int
    expected: float | None = None
    ratio: float | None = None
    sampled_hours: int = 0
    needed_hours: int = 72
    platforms: tuple[Count, ...] = ()
    languages: tuple[Count, ...] = ()
    hourly: tuple[int, ...] = ()
    arithmetic: tuple[str, ...] = ()
    burst: Burst | None = None
    phrases: tuple[Phrase, ...] = ()
    firsts: tuple[First, ...] = ()
    counted: tuple[Counted, ...] = ()
    compared_with: str = ""
    ordinary: tuple[Ordinary | None, ...] = ()
    unread: tuple[Window, ...] = ()
    burst_told: tuple[str, ...] = ()


Unquoted = Literal["links", "nameless", "handle", "inexact"]
"""Why a post is not quoted: only links are shown here; its platform requires the author's name with a quote, which must
not be shown or is not known; the words name an account; no slice of them would be shown letter by letter."""


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """A post chosen for the digest. `gained` counts likes, None when nothing earlier is known to subtract.

    `quote` is the slice of the original text that is shown, None for link only, for which `unquoted` is the reason.
    `match` is the part of it in bold.
    `copies` counts posts with the same wording, this one included, `copy_accounts` their accounts.
    """

    mention: Mention
    engagement: Engagement
    gained: int | None
    quote: Span | None
    match: Span | None
    unquoted: Unquoted | None = None
    cut: bool = False
    name: str | None = None
    copies: int = 1
    copy_accounts: int = 1


class CopyGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Posts that say the same. `earliest` is the first of them; accounts of nobody are not counted."""

    group: str
    count: int
    accounts: int
    first_seen: datetime
    last_seen: datetime
    earliest: PostKey | None = None
    platforms: tuple[Count, ...] = ()

    @property
    def span(self) -> timedelta:
        """Return the time from the first to the last of them."""
        return self.last_seen - self.first_seen


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader is told about a topic and a window. Frozen: the same id always says the same.

    `hidden` posts are counted and not shown, `others` are of another sense of the keywords and not counted in `trend`.
    `earliest` is the first post of what it tells about, unless an earlier one is only remembered as `first`. `page` is
    the post whose first line is the title of the link.
    """

    id: str
    topic: str
    title: str
    kind: str
    trend: Trend
    statuses: tuple[QueryStatus, ...]
    reactions: tuple[Reaction, ...] = ()
    link: SharedLink | None = None
    page: Mention | None = None
    largest_group: CopyGroup | None = None
    earliest: Mention | None = None
    first: First | None = None
    hidden: int = 0
    others: int = 0
