"""What second looks need to know: which posts messages show, and when each was looked at last."""

from collections.abc import Collection
from datetime import datetime

from monitor.models import PostKey
from monitor.store.codec import decode_message, decode_parcel, from_ms, to_ms
from monitor.store.connection import Argument, Connection
from monitor.store.schedule import ms
from monitor.store.undelivered import UndeliveredStore
from monitor.topics.polling.second_looks import SHOWN_FOR

PAGE = 500


class SecondLooks:
    """The posts that readers see, and the looks that were taken at them after the first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def shown(self, since: datetime) -> dict[PostKey, datetime]:
        """Return the posts in messages that were handed over since a time, and when the first of these was."""
        found: dict[PostKey, datetime] = {}
        for chat in UndeliveredStore(self._connection).chats():
            for posts, at in self._told(chat, since):
                for post in posts:
                    found[post] = min(at, found.get(post, at))
        return found

    def looked(self, source: str) -> dict[PostKey, datetime]:
        """Return when posts of a source were looked at last."""
        return self._times(self._connection.keys.looked(source), source)

    def missing(self, source: str) -> dict[PostKey, datetime]:
        """Return since when a source says that posts are gone of which that is not believed yet."""
        return self._times(self._connection.keys.missing(source), source)

    def note(self, source: str, looked: Collection[PostKey], missing: Collection[PostKey], now: datetime) -> None:
        """Note that posts were looked at, which of them were missing, and forget looks that are too old to matter."""
        keys, at = self._connection.keys, to_ms(now)
        args: list[Argument] = [at, to_ms(now - SHOWN_FOR), ms(2 * SHOWN_FOR), len(looked)]
        args += [*sorted(each.id for each in looked), *sorted(each.id for each in missing)]
        self._connection.run("note_looks", (keys.looked(source), keys.missing(source)), args)

    def _told(self, chat: str, since: datetime) -> list[tuple[frozenset[PostKey], datetime]]:
        """Return the posts of each message of a chat, in the outbox and on the local page."""
        keys = self._connection.keys.chat(chat)
        told = []
        for order, bodies, is_page in ((keys.handed, keys.parcels, False), (keys.order, keys.messages, True)):
            newest = self._connection.execute("ZRANGE", order, to_ms(since), "+inf", "BYSCORE", "WITHSCORES")
            rows = list(zip(newest[::2], newest[1::2], strict=True))
            for start in range(0, len(rows), PAGE):
                page = rows[start : start + PAGE]
                packed = self._connection.execute("HMGET", bodies, *(id_ for id_, _ in page))
                told += [
                    (posts_of(each, is_page=is_page), from_ms(int(float(at))))
                    for each, (_, at) in zip(packed, page, strict=True)
                    if each is not None
                ]
        return told

    def _times(self, name: str, source: str) -> dict[PostKey, datetime]:
        found = self._connection.execute("ZRANGE", name, 0, -1, "WITHSCORES")
        rows = zip(found[::2], found[1::2], strict=True)
        return {PostKey(source, id_.decode()): from_ms(int(float(at))) for id_, at in rows}


def posts_of(packed: bytes, *, is_page: bool) -> frozenset[PostKey]:
    """Return the posts that a stored message shows."""
    if is_page:
        return frozenset(each.key for each in decode_message(packed).quotes)
    parcel = decode_parcel(packed)
    return frozenset(parcel.posts) | {each.key for each in parcel.message.quotes}
