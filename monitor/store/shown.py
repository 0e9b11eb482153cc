"""Which posts messages show: asked for each deletion that a platform tells of, most of which are nothing to us."""

from collections.abc import Collection, Iterable
from datetime import datetime

from monitor.models import Message, Parcel, PostKey
from monitor.store.codec import to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.mentions import pages


class ShownPosts:
    """The posts that messages show, and when each was noted last. It may hold too much, never too little."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, posts: Collection[PostKey]) -> None:
        """Note that a message shows posts, before it does."""
        for page in pages(sorted(posts)):
            at = to_ms(store_now(self._connection))
            args: list[Argument] = []
            for key in page:
                args += [at, str(key)]
            self._connection.execute("ZADD", self._key, "GT", *args)

    def among(self, posts: Iterable[PostKey]) -> frozenset[PostKey]:
        """Return the posts that a message may show."""
        found: list[PostKey] = []
        for page in pages(posts):
            scores = self._connection.execute("ZMSCORE", self._key, *map(str, page))
            found += [key for key, score in zip(page, scores, strict=True) if score is not None]
        return frozenset(found)

    def forget(self, posts: Iterable[PostKey]) -> None:
        """Forget that posts were shown, under these names."""
        for page in pages(posts):
            self._connection.execute("ZREM", self._key, *map(str, page))

    def sweep(self, before: datetime) -> int:
        """Forget what was noted last before a time; return how many."""
        return int(self._connection.execute("ZREMRANGEBYSCORE", self._key, "-inf", f"({to_ms(before)}"))

    @property
    def _key(self) -> str:
        return self._connection.keys.work.shown


def posts_in(parcel: Parcel) -> frozenset[PostKey]:
    """Return the posts that a parcel shows, whether or not it claims them."""
    return frozenset(parcel.posts) | quoted_in(parcel.message)


def quoted_in(message: Message) -> frozenset[PostKey]:
    """Return the posts that a message tells of."""
    return frozenset(each.key for each in message.quotes)
