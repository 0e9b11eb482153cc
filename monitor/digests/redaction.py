"""Takes back what a message tells of posts that must be read no more: withdrawn by their authors, or forgotten."""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from monitor.digests.table import posts_in_file, without_rows
from monitor.models import Entity, Message, Parcel, PostKey, Quoted
from monitor.saying import phrase, say

GONE = phrase("No longer available.")
FILE_GONE = phrase("A post in this file is no longer available: delete the file, and ask for it again.")
ALL_GONE = phrase("This message quoted a post that is no longer available.")


def tells_of(parcel: Parcel, posts: Collection[PostKey]) -> bool:
    """Tell whether a message shows one of the posts, or its file may hold one."""
    if any(each in posts for each in parcel.posts) or any(each.key in posts for each in parcel.message.quotes):
        return True
    return parcel.document is not None and any(each.id.encode() in parcel.document for each in posts)


def redacted(parcel: Parcel, posts: Collection[PostKey]) -> Parcel:
    """Return a parcel without what it tells of the posts; all else stays, character for character.

    Where it shows a post and nobody noted which words are about it, none of its words stay.
    """
    parcel = _without_rows(parcel, posts)
    message = parcel.message
    unknown = {each for each in parcel.posts if each in posts} - {each.key for each in message.quotes}
    if unknown:
        bare = replace(message, text=say(ALL_GONE), entities=(), quotes=())
        return replace(parcel, message=bare)
    return replace(parcel, message=without(message, posts))


def _without_rows(parcel: Parcel, posts: Collection[PostKey]) -> Parcel:
    """Return a parcel whose file tells nothing of the posts, and says so where it did."""
    if parcel.document is None:
        return parcel
    document = without_rows(parcel.document, parcel.file_name, posts)
    if document == parcel.document:
        return parcel
    bare = replace(parcel.message, text=say(FILE_GONE), entities=(), quotes=())
    return replace(parcel, document=document, message=bare)


def without(message: Message, posts: Collection[PostKey]) -> Message:
    """Return a message in which each range about one of the posts reads GONE."""
    for quoted in sorted(message.quotes, key=lambda each: -each.offset):
        if quoted.key in posts:
            message = _cut(message, quoted)
    return message


def _cut(message: Message, gone: Quoted) -> Message:
    units = message.text.encode("utf-16-le")
    start, end = 2 * gone.offset, 2 * (gone.offset + gone.length)
    text = (units[:start] + say(GONE).encode("utf-16-le") + units[end:]).decode("utf-16-le")
    moved = (_moved(each, gone) for each in message.entities)
    return replace(
        message,
        text=text,
        entities=tuple(each for each in moved if each is not None),
        # The range stays, so that taking back again takes nothing more.
        quotes=tuple(_shifted(each, gone) for each in message.quotes),
    )


def _growth(gone: Quoted) -> int:
    return len(say(GONE)) - gone.length


def _moved(entity: Entity, gone: Quoted) -> Entity | None:
    """Return an entity where it is after the cut: before, behind or around it; None for one that lay in it."""
    end, gone_end = entity.offset + entity.length, gone.offset + gone.length
    if end <= gone.offset:
        return entity
    if entity.offset >= gone_end:
        return replace(entity, offset=entity.offset + _growth(gone))
    if entity.offset < gone.offset and end >= gone_end:
        return replace(entity, length=entity.length + _growth(gone))
    return None


def _shifted(quoted: Quoted, gone: Quoted) -> Quoted:
    if quoted == gone:
        return replace(quoted, length=len(say(GONE)))
    return replace(quoted, offset=quoted.offset + _growth(gone)) if quoted.offset > gone.offset else quoted


def renamed(parcel: Parcel, name: Callable[[PostKey], PostKey]) -> Parcel:
    """Return a parcel whose posts have other names: a key may tell who wrote the post.

    The author's hash goes, too, and the post's row in a file, which has no other name.
    """
    quotes = tuple(_renamed(each, name(each.key)) for each in parcel.message.quotes)
    document, file_name = parcel.document, parcel.file_name
    if document is not None:
        gone = frozenset(each for each in posts_in_file(document, file_name) if name(each) != each)
        document = without_rows(document, file_name, gone, ids_too=True) if gone else document
    message = replace(parcel.message, quotes=quotes)
    return replace(parcel, message=message, posts=tuple(map(name, parcel.posts)), document=document)


def _renamed(quoted: Quoted, key: PostKey) -> Quoted:
    return quoted if key == quoted.key else replace(quoted, key=key, author="")
