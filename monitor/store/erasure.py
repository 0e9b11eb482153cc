"""Takes words back out of the messages that were kept or handed over, and has sent ones edited."""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from monitor.digests.redaction import redacted, renamed, tells_of
from monitor.digests.requoting import Quotes, requoted
from monitor.digests.table import posts_in_file
from monitor.models import Delivery, Parcel, PostKey
from monitor.saying import DEFAULT, speaking
from monitor.store.chats import ChatList
from monitor.store.codec import decode_delivery, decode_message, decode_parcel, encode
from monitor.store.connection import Argument, Connection
from monitor.store.shown import ShownPosts
from monitor.store.taken_back import TakenBack
from monitor.store.undelivered import UndeliveredStore
from monitor.store.wishes import WishStore


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
        changed = 0
        for id_, before in self._connection.pairs("HSCAN", messages):
            parcel = Parcel(message=decode_message(before))
            if tells_of(parcel, posts):
                # "amend" says 0 where nothing changes.
                after = encode(change(parcel).message)
                changed += int(self._connection.run("amend", (messages,), (id_, before, after)))
        return changed

    def _sent(self, chat: str, posts: frozenset[PostKey], change: Callable[[Parcel], Parcel]) -> Erased:
        keys = self._connection.keys.chat(chat)
        changed = to_edit = 0
        for id_, before in self._connection.pairs("HSCAN", keys.parcels):
            parcel = decode_parcel(before)
            if not tells_of(parcel, posts):
                continue
            record = self._connection.execute("HGET", keys.outbox, id_)
            delivery = None if record is None else decode_delivery(record)
            is_seen = delivery is not None and may_be_seen(delivery)
            after = change(parcel)
            if after == parcel:
                continue
            args: list[Argument] = [id_, before, encode(after), int(is_seen and reads_otherwise(parcel, after))]
            for post, other in zip(parcel.posts, after.posts, strict=True):
                args += [str(post), str(other)] if post != other else []
            done = int(self._connection.run("revise", (keys.parcels, keys.corrections, keys.claims), args))
            changed += done
            to_edit += done * is_seen
            if is_seen:
                self._chats.wake(chat, f"revised {id_.decode()}")
        return Erased(changed, to_edit)


def reads_otherwise(before: Parcel, after: Parcel) -> bool:
    """Tell whether readers see a difference: the names of posts are ours."""
    return (before.message.text, before.message.entities) != (after.message.text, after.message.entities)


def may_be_seen(delivery: Delivery) -> bool:
    """Tell whether readers may have a message, now or soon: all that was ever begun, but not what surely died."""
    return delivery.state != "dead" and (delivery.attempts > 0 or delivery.state != "ready")
