"""What a post's record on Bluesky says (app.bsky.feed.post): links, replies, languages, and whether it may be shown.

Records are what clients wrote, and nobody checks them: whatever has another shape than the lexicon gives is left out,
and the post stays (https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from monitor.models import Author, Engagement, Post, PostKey

NAME = "bluesky"
COLLECTION = "app.bsky.feed.post"
NOT_FOR_STRANGERS = "!no-unauthenticated"
"""A label by which authors ask that only people who are logged in see a post."""

Record = Mapping[str, object]


def post_id(did: str, rkey: str) -> str:
    """Return a post's address in the network, which is its id here: what deletes it names it so."""
    return f"at://{did}/{COLLECTION}/{rkey}"


def web_address(uri: str) -> str | None:
    """Return where people read the post of an at:// address; None for what is no post."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    collection, _, rkey = rest.partition("/")
    if not uri.startswith("at://did:") or collection != COLLECTION or not rkey or "/" in rkey:
        return None
    return f"https://bsky.app/profile/{did}/post/{rkey}"


def post_of(uri: str, record: Record, author: Author, seen_at: datetime, engagement: Engagement | None = None) -> Post:
    """Return the post of a record. Raise ValueError when it holds no text."""
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError("the record has no text")  # noqa: TRY004 - the data is wrong, not a call
    return Post(
        key=PostKey(NAME, uri),
        url=web_address(uri),
        text=text,
        observed_at=seen_at,
        created_at=time_of(record.get("createdAt")),
        author=author,
        language_hint=_language(record.get("langs")),
        engagement=engagement or Engagement(),
        links=tuple(dict.fromkeys(_links(record))),
        in_reply_to=_text_at(record, "reply", "parent", "uri"),
        is_counted_only=is_for_members(record.get("labels")),
    )


def time_of(value: object) -> datetime | None:
    """Return a time as records and answers write it; None for what is none: it is only claimed."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_for_members(labels: object) -> bool:
    """Say whether an author asked that only people who are logged in see it, in a record's labels or an answer's."""
    listed = labels.get("values") if isinstance(labels, Mapping) else labels
    return any(label.get("val") == NOT_FOR_STRANGERS and not label.get("neg") for label in _objects(listed))


def _language(langs: object) -> str | None:
    """Return the language that a post claims, None when it claims several: then it tells nothing."""
    claimed = [each for each in langs if isinstance(each, str) and each] if isinstance(langs, list) else []
    return claimed[0] if len(claimed) == 1 else None


def _links(record: Record) -> Iterator[str]:
    """Yield what a post links to: in its text, by a card or a quoted post, and the original of a bridged one."""
    for facet in _objects(record.get("facets")):
        for feature in _objects(facet.get("features")):
            if feature.get("$type") == "app.bsky.richtext.facet#link":
                yield from _web(feature.get("uri"))
    for embed in (record.get("embed"), _at(record, "embed", "media")):
        yield from _web(_at(embed, "external", "uri"))
    quoted = _text_at(record, "embed", "record", "uri") or _text_at(record, "embed", "record", "record", "uri")
    yield from _web(web_address(quoted or ""))
    yield from _web(record.get("bridgyOriginalUrl"))


def _web(address: object) -> Iterator[str]:
    if isinstance(address, str) and address.startswith(("https://", "http://")):
        yield address


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, Mapping))


def _at(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text_at(value: object, *path: str) -> str | None:
    found = _at(value, *path)
    return found if isinstance(found, str) else None
