"""Ends messages with the first post that they tell of: no text of a post is kept longer than the post.

messages ─► the posts that they show ─topics─► those that no topic has any more ─► messages that show one of them end
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from monitor.digests.table import posts_in_file
from monitor.models import Parcel, PostKey
from monitor.store.codec import decode_message, decode_parcel, to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.mentions import MentionStore
from monitor.store.outbox import OutboxStore
from monitor.store.outgoing import OutgoingStore
from monitor.store.shown import ShownPosts, posts_in
from monitor.store.undelivered import UndeliveredStore

FORGOTTEN = "forgotten"
"""The source of a post's name that tells nobody whose it was: no topic has such posts, no words of them are left."""


class _Told(NamedTuple):
    """A stored message and the posts that it shows."""

    id: str
    posts: frozenset[PostKey]
    is_page: bool


class Outlived:
    """Messages that would outlive a post."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._mentions = MentionStore(connection)
        self._outbox = OutboxStore(connection)
        self._outgoing = OutgoingStore(connection)
        self._undelivered = UndeliveredStore(connection)
        self._shown = ShownPosts(connection)

    def end(self, topics: Iterable[str], before: datetime) -> int:
        """End messages of before a time that show a post which no topic has any more; return how many."""
        shown, chats = self._all_shown(), self._undelivered.chats()
        kept = frozenset[PostKey]().union(*(self._mentions.kept(topic, shown) for topic in topics))
        gone = frozenset(each for each in shown - kept if each.source != FORGOTTEN)
        return sum(self._end(chat, gone, before) for chat in chats) if gone else 0

    def renew(self) -> None:
        """Write down anew which posts messages show; those of messages that ended are forgotten."""
        began = store_now(self._connection)
        self._shown.note(self._all_shown())
        self._shown.sweep(began)

    def _all_shown(self) -> frozenset[PostKey]:
        chats = self._undelivered.chats()
        return frozenset[PostKey]().union(*(each.posts for chat in chats for each in self._told(chat)))

    def _end(self, chat: str, gone: frozenset[PostKey], before: datetime) -> int:
        keys = self._connection.keys.chat(chat)
        over = [each for each in self._told(chat) if not gone.isdisjoint(each.posts)]
        page = [each.id for each in over if each.is_page and self._is_older(keys.order, each.id, before)]
        sent = [each.id for each in over if not each.is_page and self._is_older(keys.handed, each.id, before)]
        self._undelivered.drop_waiting(chat, sent)
        self._outgoing.forget(chat, page)
        return self._outbox.forget(chat, sent) + len(page)

    def _told(self, chat: str) -> Iterator[_Told]:
        keys = self._connection.keys.chat(chat)
        for id_, packed in self._connection.pairs("HSCAN", keys.messages):
            yield _Told(id_.decode(), posts_in(Parcel(message=decode_message(packed))), True)
        for id_, packed in self._connection.pairs("HSCAN", keys.parcels):
            parcel = decode_parcel(packed)
            listed = posts_in_file(parcel.document or b"", parcel.file_name)
            yield _Told(id_.decode(), posts_in(parcel) | listed, False)

    def _is_older(self, order: str, message: str, before: datetime) -> bool:
        at = self._connection.execute("ZSCORE", order, message)
        return at is not None and float(at) < to_ms(before)
