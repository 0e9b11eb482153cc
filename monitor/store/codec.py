"""How a mention lies in the store: a msgpack array, without what its key and the other indexes say already."""

from datetime import UTC, datetime

import msgspec

from monitor.models import (
    Author,
    Delivery,
    Engagement,
    Mention,
    Message,
    Observation,
    Parcel,
    Post,
    PostKey,
    TermHit,
    Topic,
)
from monitor.seams.budget import Ledger
from monitor.seams.repairs import Survey
from monitor.topics.queries.fitting import Learned


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stored mention. Times are ms since 1970."""

    url: str | None
    text: str
    observed: int
    created: int | None
    author: Author
    hint: str | None
    links: tuple[str, ...]
    in_reply_to: str | None
    repost_of: str | None
    edited_from: str | None
    terms: tuple[TermHit, ...]
    language: str
    script: str | None
    group: str
    backfilled: bool
    # The last one of a withdrawn post: add.lua looks at the last byte of a body.
    withdrawn: bool

    @property
    def time(self) -> int:
        """Return the earlier of claimed and observed, as Post.time does."""
        return self.observed if self.created is None else min(self.created, self.observed)


class SketchedBody(Body, frozen=True, array_like=True, gc=False):
    """A body with the sketch of its text, whose last byte, a version, is no sign of a withdrawn post."""

    sketch: bytes = b""


LARGEST_COUNT = 2**53 - 1
"""Lua has no larger whole numbers; beyond it a count would come back as a fraction and break every reader."""

UNSEEN = Engagement()
"""One for all posts without reactions: most of them, and comparing a thing with itself costs nothing."""

_encoder = msgspec.msgpack.Encoder()
_body = msgspec.msgpack.Decoder(SketchedBody)
_observations = msgspec.msgpack.Decoder(list[tuple[int, int, int, int, int]])
_windows = msgspec.msgpack.Decoder(list[tuple[int, int, int]])
_hours = msgspec.msgpack.Decoder(list[tuple[int, int]])
_gaps = msgspec.msgpack.Decoder(list[tuple[int, int, str, int, int]])
_topic = msgspec.msgpack.Decoder(Topic)
_message = msgspec.msgpack.Decoder(Message)
_parcel = msgspec.msgpack.Decoder(Parcel)
_survey = msgspec.msgpack.Decoder(Survey)
_ledger = msgspec.msgpack.Decoder(Ledger)
_learned = msgspec.msgpack.Decoder(Learned)
_delivery = msgspec.msgpack.Decoder(Delivery)

encode = _encoder.encode
decode_topic = _topic.decode
decode_message = _message.decode
decode_parcel = _parcel.decode
decode_survey = _survey.decode
decode_ledger = _ledger.decode
decode_learned = _learned.decode
decode_delivery = _delivery.decode
decode_windows = _windows.decode
decode_gaps = _gaps.decode
decode_hours = _hours.decode


def to_ms(time: datetime) -> int:
    """Return ms since 1970, rounded down."""
    return int(time.timestamp() * 1000 // 1)


def from_ms(ms: int) -> datetime:
    """Return an aware UTC time."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def encode_mention(mention: Mention) -> bytes:
    """Return the body of a mention."""
    post = mention.post
    fields = (
        post.url,
        post.text,
        to_ms(post.observed_at),
        None if post.created_at is None else to_ms(post.created_at),
        post.author,
        post.language_hint,
        post.links,
        post.in_reply_to,
        post.repost_of,
        post.edited_from,
        mention.terms,
        mention.language,
        mention.script,
        mention.group,
        mention.backfilled,
        mention.withdrawn,
    )
    return _encoder.encode((*fields, mention.sketch) if mention.sketch else fields)


def decode_body(packed: bytes) -> SketchedBody:
    """Return the stored form of a mention."""
    return _body.decode(packed)


def decode_mention(topic: str, key: str, packed: bytes, engagement: bytes | None) -> Mention:
    """Return a mention with the newest engagement that was observed."""
    body = _body.decode(packed)
    source, _, id_ = key.partition(":")
    observed = from_ms(body.observed)
    created = observed if body.created == body.observed else None if body.created is None else from_ms(body.created)
    post = Post(
        key=PostKey(source, id_),
        url=body.url,
        text=body.text,
        observed_at=observed,
        created_at=created,
        author=body.author,
        language_hint=body.hint,
        engagement=UNSEEN if engagement is None else _newest(engagement),
        links=body.links,
        in_reply_to=body.in_reply_to,
        repost_of=body.repost_of,
        edited_from=body.edited_from,
    )
    return Mention(
        post=post,
        topic=topic,
        terms=body.terms,
        language=body.language,
        script=body.script,
        group=body.group,
        sketch=body.sketch,
        backfilled=body.backfilled,
        withdrawn=body.withdrawn,
    )


def withdrawn_body(packed: bytes) -> bytes:
    """Return the body without text and what was made of it, author, links and address; counts need no more."""
    body = msgspec.structs.replace(
        _body.decode(packed),
        url=None,
        text="",
        author=Author(),
        hint=None,
        links=(),
        in_reply_to=None,
        repost_of=None,
        edited_from=None,
        terms=tuple(TermHit(term=hit.term, spans=()) for hit in _body.decode(packed).terms),
        group="",
        withdrawn=True,
    )
    return _encoder.encode(msgspec.structs.astuple(body)[:-1])


def numbers(engagement: Engagement) -> tuple[int, int, int, int]:
    """Return the four counts for a script, -1 for an absent one; what no platform can count is cut to LARGEST_COUNT."""
    counts = (engagement.likes, engagement.reposts, engagement.replies, engagement.views)
    first, second, third, fourth = (-1 if count is None or count < 0 else min(count, LARGEST_COUNT) for count in counts)
    return first, second, third, fourth


def encode_observation(post: Post) -> bytes:
    """Return the reactions to a post and when they were seen, as the engagement of add.lua; nothing where none are."""
    if post.engagement == UNSEEN or max(counts := numbers(post.engagement)) < 0:
        return b""
    return _encoder.encode((to_ms(post.observed_at), *counts))


def decode_observations(packed: bytes | None) -> list[Observation]:
    """Return how engagement was observed, oldest first."""
    if packed is None:
        return []
    return [Observation(at=from_ms(at), engagement=_counted(*counts)) for at, *counts in _observations.decode(packed)]


def _newest(packed: bytes) -> Engagement:
    """Return the engagement that was observed last."""
    seen = _observations.decode(packed)
    return _counted(*seen[-1][1:]) if seen else UNSEEN


def _counted(likes: int, reposts: int, replies: int, views: int) -> Engagement:
    return Engagement(likes=_count(likes), reposts=_count(reposts), replies=_count(replies), views=_count(views))


def _count(number: int) -> int | None:
    return None if number < 0 else number


def storable(text: str, longest: int) -> str:
    """Return text that every encoder takes: half characters written out, the end cut."""
    return text[:longest].encode("utf-8", "backslashreplace").decode()
