"""Takes words back out of the messages that were kept or handed over, and has sent ones edited."""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from monitor.digests.redaction import redacted, renamed, tells_of
from monitor.digests.requoting import Quotes, requoted
from monitor.digests.table import posts_in_file
from monitor.errors import StoreError
from monitor.models import Delivery, Parcel, PostKey
from monitor.saying import DEFAULT, speaking
from monitor.store.chats import ChatList
from monitor.store.codec import decode_message, decode_parcel, encode
from monitor.store.connection import Argument, Connection
from monitor.store.repairs import find
from monitor.store.shown import ShownPosts
from monitor.store.taken_back import TakenBack
from monitor.store.undelivered import UndeliveredStore
from monitor.store.wishes import WishStore

MOST_TRIES = 20


class Erased(NamedTuple):
    """How many messages were changed, and how many of them are to be edited where their readers have them."""

    messages: int = 0
    to_edit: int = 0


def same(post: PostKey) -> PostKey:
    """Return a post's own name."""
    return post


class MessageEraser:
    """Implements the Erasure protocol."""

    def __init__(self, connection: Connection, language: str = DEFAULT) -> None:
        self._connection = connection
        self.language = language
        self._chats = ChatList(connection)
        self._shown = ShownPosts(connection)
        self._taken_back = TakenBack(connection)
        self._undelivered = UndeliveredStore(connection)

    def erase(self, posts: Collection[PostKey], name: Callable[[PostKey], PostKey] = same) -> Erased:
        """Erase what messages tell of posts, and give the posts other names there. Again, it does nothing."""
        wanted = frozenset(posts)

        def change(parcel: Parcel) -> Parcel:
            return renamed(redacted(parcel, wanted), lambda post: name(post) if post in wanted else post)

        # Those who are forgotten are looked for again by other means, and their posts' names are kept nowhere.
        self._taken_back.note(each for each in wanted if name(each) == each)
        erased = self._change(wanted, change, self._undelivered.chats())
        self._shown.forget(each for each in wanted if name(each) != each)
        return erased

    def erase_late(self, chat: str) -> Erased:
        """Erase what messages of a chat tell of posts taken back lately, where they were handed over since."""
        posts = self._taken_back.lately()
        return self._change(posts, lambda parcel: redacted(parcel, posts), [chat])

    def erase_late_in(self, chat: str, message: str) -> Erased:
        """Erase what one message tells of posts taken back lately, just before it is sent."""
        posts = self._taken_back.lately()
        if not posts:
            return Erased()
        with speaking(WishStore(self._connection).manners(chat).tongue or self.language):
            return self._revise(chat, message, posts, lambda parcel: redacted(parcel, posts))

    def shown(self, posts: Iterable[PostKey]) -> frozenset[PostKey]:
        """Return the posts that a message may show."""
        return self._shown.among(posts)

    def told_of(self, wanted: Callable[[PostKey, str], bool]) -> frozenset[PostKey]:
        """Return the posts that messages tell of, among those wanted by their keys and their authors' hashes.

        A message may outlive its post here, or be handed over after it was forgotten.
        """
        found = (each for chat in self._undelivered.chats() for each in self._quoted(chat))
        return frozenset(key for key, author in found if wanted(key, author))

    def requote(self, quotes: Quotes) -> Erased:
        """Quote posts as they are now, None: no more, and have sent messages edited. Again, it does nothing."""
        return self._change(frozenset(quotes), lambda parcel: requoted(parcel, quotes), self._undelivered.chats())

    def _change(self, posts: frozenset[PostKey], change: Callable[[Parcel], Parcel], chats: Iterable[str]) -> Erased:
        total = Erased()
        for chat in chats if posts else ():
            with speaking(WishStore(self._connection).manners(chat).tongue or self.language):
                kept, sent = self._kept(chat, posts, change), self._sent(chat, posts, change)
            total = Erased(total.messages + kept + sent.messages, total.to_edit + sent.to_edit)
        return total

    def _quoted(self, chat: str) -> Iterator[tuple[PostKey, str]]:
        """Yield what the messages of a chat tell of, and the authors' hashes; "" where nobody noted that."""
        keys = self._connection.keys.chat(chat)
        kept = (decode_message(each) for _, each in self._connection.pairs("HSCAN", keys.messages))
        sent = (decode_parcel(each) for _, each in self._connection.pairs("HSCAN", keys.parcels))
        for parcel in chain((Parcel(message=each) for each in kept), sent):
            yield from ((each.key, each.author) for each in parcel.message.quotes)
            yield from ((each, "") for each in parcel.posts)
            yield from ((each, "") for each in posts_in_file(parcel.document or b"", parcel.file_name))

    def _kept(self, chat: str, posts: frozenset[PostKey], change: Callable[[Parcel], Parcel]) -> int:
        """Change the messages kept for the local page, which shows them as they are stored."""
        messages = self._connection.keys.chat(chat).messages
        told = (id_ for id_, each in self._connection.pairs("HSCAN", messages) if _shows(each, posts))
        return sum(self._amend(messages, each, change) for each in told)

    def _amend(self, messages: str, id_: bytes, change: Callable[[Parcel], Parcel]) -> int:
        for _ in range(MOST_TRIES):
            before = self._connection.execute("HGET", messages, id_)
            after = before and encode(change(Parcel(message=decode_message(before))).message)
            if before == after:
                return 0
            if self._connection.run("amend", (messages,), (id_, before, after)):
                return 1
        raise StoreError(f"a message of the page was changed {MOST_TRIES} times while words were taken out of it")

    def _sent(self, chat: str, posts: frozenset[PostKey], change: Callable[[Parcel], Parcel]) -> Erased:
        parcels = self._connection.keys.chat(chat).parcels
        told = (id_.decode() for id_, each in self._connection.pairs("HSCAN", parcels) if _tells(each, posts))
        erased = [self._revise(chat, each, posts, change) for each in told]
        return Erased(sum(each.messages for each in erased), sum(each.to_edit for each in erased))

    def _revise(self, chat: str, id_: str, posts: frozenset[PostKey], change: Callable[[Parcel], Parcel]) -> Erased:
        """Change a message from exactly what it is: its sender may be at it, and who takes other words back."""
        keys = self._connection.keys.chat(chat)
        for _ in range(MOST_TRIES):
            pending = find(self._connection, chat, id_)
            before = None if pending is None else self._connection.execute("HGET", keys.parcels, id_)
            if pending is None or before is None or not _tells(before, posts):
                return Erased()
            parcel, is_seen = decode_parcel(before), may_be_seen(pending.delivery)
            after = change(parcel)
            if after == parcel:
                return Erased()
            is_to_edit = is_seen and reads_otherwise(parcel, after)
            args: list[Argument] = [id_, before, pending.version, encode(after), int(is_to_edit)]
            for post, other in zip(parcel.posts, after.posts, strict=True):
                args += [str(post), str(other)] if post != other else []
            if self._connection.run("revise", (keys.parcels, keys.corrections, keys.claims, keys.outbox), args):
                if is_seen:
                    self._chats.wake(chat, f"revised {id_}")
                return Erased(1, int(is_seen))
        raise StoreError(f"message {id_} was changed {MOST_TRIES} times while words were taken out of it")


def reads_otherwise(before: Parcel, after: Parcel) -> bool:
    """Tell whether readers see a difference: the names of posts are ours."""
    return (before.message.text, before.message.entities) != (after.message.text, after.message.entities)


def may_be_seen(delivery: Delivery) -> bool:
    """Tell whether readers may have a message, now or soon: all that was ever begun, but not what surely died."""
    return delivery.state != "dead" and (delivery.attempts > 0 or delivery.state != "ready")


def _tells(parcel: bytes, posts: frozenset[PostKey]) -> bool:
    return tells_of(decode_parcel(parcel), posts)


def _shows(message: bytes, posts: frozenset[PostKey]) -> bool:
    return tells_of(Parcel(message=decode_message(message)), posts)
