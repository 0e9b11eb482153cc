"""A post of X in either of its vocabularies to ours: `tweet.*` (X's description up to 2.166) and `post.*` (from 2.167).

Both may come in one answer: X renames while it runs. https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from monitor.models import Author, Engagement, Post, PostKey

NAME = "x"
EPOCH_MS = 1_288_834_974_657
"""When X's ids begin: ids tell the time in ms since then, shifted left by 22 bits (snowflakes)."""

_FIRST_SNOWFLAKE = 1 << 22
_NO_LANGUAGE = frozenset(("und", "zxx", "art", "qme", "qam", "qct", "qht", "qst"))
"""What X calls posts without words: media, mentions, cashtags, hashtags only, very short ones."""

_LANGUAGES = {"in": "id", "iw": "he", "zh-CN": "zh-Hans", "zh-TW": "zh-Hant", "zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}
_OWN_HOSTS = ("pic.twitter.com/", "pic.x.com/")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


class _Url(msgspec.Struct, frozen=True, kw_only=True):
    url: str = ""
    expanded_url: str | None = None
    unwound_url: str | None = None
    display_url: str | None = None
    media_key: str | None = None

    @property
    def is_media(self) -> bool:
        """Tell whether it leads to a picture of the post itself, which readers see instead of it."""
        return self.media_key is not None or (self.display_url or "").startswith(_OWN_HOSTS)


class _Entities(msgspec.Struct, frozen=True, kw_only=True):
    urls: list[_Url] = []


class _Reference(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    id: str


class _Metrics(msgspec.Struct, frozen=True, kw_only=True):
    like_count: int | None = None
    reply_count: int | None = None
    retweet_count: int | None = None
    repost_count: int | None = None
    impression_count: int | None = None


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """The whole text of a post that is longer than 280 characters."""

    text: str = ""
    entities: _Entities = _Entities()


class RawPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post as X gives it; what is absent there is absent here."""

    id: str
    text: str
    author_id: str | None = None
    username: str | None = None
    created_at: datetime | None = None
    lang: str | None = None
    public_metrics: _Metrics = _Metrics()
    entities: _Entities = _Entities()
    note_tweet: _Note | None = None
    note_post: _Note | None = None
    edit_history_tweet_ids: list[str] = []
    edit_history_post_ids: list[str] = []
    referenced_tweets: list[_Reference] = []
    referenced_posts: list[_Reference] = []

    @property
    def versions(self) -> list[str]:
        """Return the ids of all versions, oldest first: an edit is a new post with a history."""
        return self.edit_history_post_ids or self.edit_history_tweet_ids or [self.id]

    @property
    def note(self) -> _Note | None:
        """Return the long form."""
        return self.note_post or self.note_tweet

    @property
    def whole_text(self) -> str:
        """Return all of the text, as X's JSON has it."""
        return self.note.text if self.note is not None and self.note.text else self.text

    @property
    def urls(self) -> list[_Url]:
        """Return the links of the whole text, and those to pictures."""
        return [*(() if self.note is None else self.note.entities.urls), *self.entities.urls]

    def referenced(self, kind: tuple[str, ...]) -> str | None:
        """Return the id of the post that this one answers or repeats."""
        return next((each.id for each in (*self.referenced_posts, *self.referenced_tweets) if each.type in kind), None)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An account as X gives it."""

    id: str
    username: str | None = None
    name: str | None = None


_NOBODY: Mapping[str, User] = {}
_decoder = msgspec.json.Decoder(RawPost)


def read_post(raw: bytes, now: datetime, users: Mapping[str, User] = _NOBODY) -> Post:
    """Return the post of one item; raise what msgspec raises, or ValueError for one that names no post."""
    return post_of(_decoder.decode(raw), now, users)


def post_of(raw: RawPost, now: datetime, users: Mapping[str, User] = _NOBODY) -> Post:
    """Return a post. Its identity is the first version's id, its address and its words are this version's."""
    versions = raw.versions
    at = versions.index(raw.id) if raw.id in versions else len(versions)
    user = users.get(raw.author_id or "", User(id=raw.author_id or "", username=raw.username))
    return Post(
        key=PostKey(NAME, str(int(versions[0]))),
        url=f"https://x.com/{user.username or 'i/web'}/status/{int(raw.id)}",
        text=_shown(raw),
        observed_at=now,
        created_at=_created(raw),
        author=Author(id=raw.author_id, handle=user.username, name=user.name),
        language_hint=language_of(raw.lang),
        engagement=_engagement(raw.public_metrics),
        links=_links(raw),
        in_reply_to=raw.referenced(("replied_to",)),
        repost_of=raw.referenced(("retweeted", "reposted")),
        edited_from=str(int(versions[at - 1])) if at > 0 else None,
    )


def time_of(id_: int) -> datetime | None:
    """Return when a post was made, told by its id; None for the ids of before November 2010."""
    return None if id_ < _FIRST_SNOWFLAKE << 10 else datetime.fromtimestamp(((id_ >> 22) + EPOCH_MS) / 1000, UTC)


def id_at(time: datetime) -> int:
    """Return the smallest id that a post of that time can have."""
    ms = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return max(0, ms - EPOCH_MS) << 22


def language_of(code: str | None) -> str | None:
    """Return a BCP 47 tag for X's code; None for what is none."""
    if code is None or code in _NO_LANGUAGE:
        return None
    return _LANGUAGES.get(code, code)


def _created(raw: RawPost) -> datetime | None:
    if raw.created_at is None:
        return time_of(int(raw.id))
    return raw.created_at.replace(tzinfo=UTC) if raw.created_at.tzinfo is None else raw.created_at.astimezone(UTC)


def _engagement(counts: _Metrics) -> Engagement:
    reposts = counts.retweet_count if counts.repost_count is None else counts.repost_count
    return Engagement(
        likes=counts.like_count, reposts=reposts, replies=counts.reply_count, views=counts.impression_count
    )


def _shown(raw: RawPost) -> str:
    """Return the text as its readers see it: without the links to its own pictures at its end."""
    text = raw.whole_text.rstrip()
    media = {each.url for each in raw.urls if each.is_media and each.url}
    while (last := text.rpartition(" ")[2].rpartition("\n")[2]) in media and last:
        text = text.removesuffix(last).rstrip()
    for written, meant in _ENTITIES:
        text = text.replace(written, meant)
    return text


def _links(raw: RawPost) -> tuple[str, ...]:
    targets = (each.unwound_url or each.expanded_url or each.url for each in raw.urls if not each.is_media)
    return tuple(dict.fromkeys(each for each in targets if each.startswith(("http://", "https://"))))
