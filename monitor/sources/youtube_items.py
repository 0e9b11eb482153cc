"""Videos and comments of YouTube's Data API as posts. Pure.

https://developers.google.com/youtube/v3/docs/videos, https://developers.google.com/youtube/v3/docs/comments
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Engagement, Post, PostKey, SetAside
from monitor.sources.items import item_id
from monitor.sources.surrogates import repair
from monitor.text.markup import links, plain
from monitor.text.urls import links_in

NAME = "youtube"


class _VideoId(msgspec.Struct, frozen=True, kw_only=True):
    """What a search gives as an id: an object, with that of a video where it found one."""

    videoId: str = ""  # noqa: N815 - Google's name


class _Channel(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a comment is."""

    value: str | None = None


class _Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a video or in a comment."""

    publishedAt: str  # noqa: N815
    title: str = ""
    description: str = ""
    channelId: str | None = None  # noqa: N815
    channelTitle: str | None = None  # noqa: N815
    defaultLanguage: str | None = None  # noqa: N815
    defaultAudioLanguage: str | None = None  # noqa: N815
    textOriginal: str | None = None  # noqa: N815
    textDisplay: str | None = None  # noqa: N815
    authorDisplayName: str | None = None  # noqa: N815
    authorChannelId: _Channel | None = None  # noqa: N815
    videoId: str | None = None  # noqa: N815
    parentId: str | None = None  # noqa: N815
    likeCount: int | None = None  # noqa: N815


class _Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a video, which come as texts; a count that its owner hides is absent."""

    viewCount: str | None = None  # noqa: N815
    likeCount: str | None = None  # noqa: N815
    commentCount: str | None = None  # noqa: N815


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    """A video, or a comment."""

    kind: str
    id: str
    snippet: _Snippet
    statistics: _Statistics = _Statistics()


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found."""

    id: _VideoId | str
    snippet: _Snippet | None = None


class _Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A comment and some of what was answered to it."""

    snippet: "_ThreadSnippet"
    replies: "_Replies | None" = None


class _ThreadSnippet(msgspec.Struct, frozen=True, kw_only=True):
    topLevelComment: msgspec.Raw  # noqa: N815


class _Replies(msgspec.Struct, frozen=True, kw_only=True):
    comments: tuple[msgspec.Raw, ...] = ()


class ListResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; items are decoded one by one, so that a broken one costs itself only."""

    items: list[msgspec.Raw]
    nextPageToken: str | None = None  # noqa: N815

    @property
    def raws(self) -> list[bytes]:
        """Return the items as bytes."""
        return [bytes(item) for item in self.items]


def page_of(payload: bytes) -> ListResponse:
    """Return an answer. Raise PayloadChanged."""
    try:
        return msgspec.json.decode(repair(payload), type=ListResponse)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


class Hit(msgspec.Struct, frozen=True):
    """A video that a search found; `at` is when it was published, in epoch seconds."""

    id: str
    at: int | None


def hits_of(raws: Sequence[bytes]) -> list[Hit]:
    """Return the videos that a search found; a channel is none. Raise PayloadChanged when none can be read."""
    hits, unreadable = [], 0
    for raw in raws:
        try:
            found = msgspec.json.decode(raw, type=_Found)
            at = None if found.snippet is None else int(_time(found.snippet.publishedAt).timestamp())
        except (msgspec.DecodeError, ValueError, RecursionError):
            unreadable += 1
            continue
        id_ = found.id if isinstance(found.id, str) else found.id.videoId
        hits += [Hit(id_, at)] if id_ else []
    if unreadable and unreadable == len(raws):
        raise PayloadChanged(NAME, "not one result of the search could be read")
    return hits


def comments_of(raws: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the comments of threads, answers too; a thread that cannot be read stands for itself."""
    for raw in raws:
        try:
            thread = msgspec.json.decode(raw, type=_Thread)
        except (msgspec.DecodeError, RecursionError):
            yield raw
            continue
        yield bytes(thread.snippet.topLevelComment)
        yield from map(bytes, () if thread.replies is None else thread.replies.comments)


def post_of(raw: bytes, now: datetime) -> Post | None:
    """Return the post of a video or comment; None when it has no text. Raise what a broken one raises."""
    item = msgspec.json.decode(raw, type=_Item)
    if item.kind == "youtube#video":
        return _video(item, now)
    if item.kind == "youtube#comment":
        return _comment(item, now)
    raise ValueError(f'"{item.kind[:40]}" is neither a video nor a comment')


def is_comment(id_: str) -> bool:
    """Tell comments from videos, whose ids have eleven letters."""
    return len(id_) != 11


def nameless(raw: bytes) -> SetAside:
    """Return an item that is set aside, its author apart from its bytes."""
    kept, author = b"", Author()
    try:
        record: Mapping[str, object] = msgspec.json.decode(raw, type=dict[str, object])
        snippet = record["snippet"]
        if isinstance(snippet, dict):
            author = _author(msgspec.convert(snippet, _Snippet))
            bare = {name: value for name, value in snippet.items() if name in _KEPT}
            kept = msgspec.json.encode({**_bare(record), "snippet": bare})
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError):
        kept, author = b"", Author()  # nobody can tell where in it the author's name stands
    return SetAside(kind="item", id=item_id(NAME, raw), raw=kept, reason="", author=author)


_KEPT = frozenset(_Snippet.__struct_fields__) - {
    *("channelId", "channelTitle", "authorDisplayName", "authorChannelId"),
}
"""What of a snippet is needed to read it again, and names nobody."""


def _bare(record: Mapping[str, object]) -> dict[str, object]:
    return {name: record[name] for name in ("kind", "id", "statistics") if name in record}


def _video(item: _Item, now: datetime) -> Post | None:
    said, counts = item.snippet, item.statistics
    text = "\n\n".join(part for part in (said.title.strip(), said.description.strip()) if part)
    if not text:
        return None
    return Post(
        key=PostKey(NAME, item.id),
        url=f"https://www.youtube.com/watch?v={item.id}",
        text=text,
        observed_at=now,
        created_at=_time(said.publishedAt),
        author=_author(said),
        language_hint=said.defaultAudioLanguage or said.defaultLanguage,
        engagement=Engagement(
            likes=_count(counts.likeCount), replies=_count(counts.commentCount), views=_count(counts.viewCount)
        ),
        links=links_in(said.description),
    )


def _comment(item: _Item, now: datetime) -> Post | None:
    said = item.snippet
    text = plain(said.textDisplay or "") if said.textOriginal is None else said.textOriginal.strip()
    if not text:
        return None
    video = f"watch?v={said.videoId}&lc={item.id}"
    return Post(
        key=PostKey(NAME, item.id),
        url=f"https://www.youtube.com/{video}" if said.videoId else None,
        text=text,
        observed_at=now,
        created_at=_time(said.publishedAt),
        author=_author(said),
        engagement=Engagement(likes=said.likeCount),
        links=tuple(dict.fromkeys((*links_in(text), *links(said.textDisplay or "")))),
        in_reply_to=said.parentId or said.videoId,
    )


def _author(said: _Snippet) -> Author:
    if said.authorDisplayName is None and said.authorChannelId is None:
        return Author(id=said.channelId, name=said.channelTitle or None)
    id_ = None if said.authorChannelId is None else said.authorChannelId.value
    name = said.authorDisplayName or None
    # Names of those who comment have been their handles since 2022.
    return Author(id=id_ or name, handle=name if name is not None and name.startswith("@") else None, name=name)


def _count(text: str | None) -> int | None:
    return None if text is None else int(text)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
