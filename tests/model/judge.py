"""What must hold at rest, when nothing is due any more: the store beside what the world outside it saw.

Six more hold at all times and are judged by watch.py as they happen: no two holders of a lease, fences that only grow,
nothing written by any but the newest holder, no place in a feed beyond what is stored, nobody silent about what was
sent too late, and nothing that raises but the store's own failures.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from monitor.digests.delivery import is_dense, is_released
from monitor.models import Delivery, Parcel, Window
from monitor.store.codec import decode_delivery, decode_parcel
from monitor.store.fsck import check
from monitor.store.repairs import RepairStore
from tests.model.feeds import QUERIES
from tests.model.plant import TOPICS, Plant
from tests.model.watch import Late
from tests.simulators.telegram_ledger import Shown

REFUSED = "parse entities"
EARLIER = "an earlier part"
SHOWN = 5


class Kept(NamedTuple):
    """A message in the outbox, and its place in the order in which messages were handed over."""

    delivery: Delivery
    parcel: Parcel
    place: float

    @property
    def text(self) -> str:
        """Return what readers see of it."""
        return self.parcel.message.text.rstrip()


class Room(NamedTuple):
    """A chat: its address, what is kept of it, what readers see in it by us.

    `is_disturbed`: we were put out, or it moved. `is_restored`: a backup was, which does not know all that was sent.
    """

    chat: str
    address: str
    kept: Mapping[str, Kept]
    visible: list[Shown]
    is_disturbed: bool
    is_restored: bool

    def at(self, message_id: int | None) -> Shown | None:
        """Return the visible message with an id under the present address."""
        return next((s for s in self.visible if str(s.chat) == self.address and s.message_id == message_id), None)


def rooms(plant: Plant) -> list[Room]:
    """Return every chat."""
    names = set(plant.chats) | set(plant.watch.taken) | set(plant.calm.chats.all())
    return [_room(plant, name) for name in sorted(names) if not name.startswith("preview")]


def _room(plant: Plant, chat: str) -> Room:
    connection = plant.calm.connection
    keys = connection.keys.chat(chat)
    parcels = dict(connection.pairs("HSCAN", keys.parcels))
    places = dict(connection.pairs("ZSCAN", keys.handed))
    kept = {
        id_.decode(): Kept(decode_delivery(packed), decode_parcel(parcels[id_]), float(places[id_]))
        for id_, packed in connection.pairs("HSCAN", keys.outbox)
    }
    address = RepairStore(connection).address(chat)
    visible = [
        shown
        for each in {chat, address}
        for shown in plant.state.ledger.visible(int(each), by=plant.state.world.bot.id)
    ]
    return Room(chat, address, kept, visible, bool({chat, address} & plant.disturbed), plant.epoch > 0)


def posts_once(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """Every post that a feed showed is stored once under each of its topics, as it was shown, and no other is."""
    whole = Window(plant.world.time() - timedelta(days=29), plant.world.time() + timedelta(days=29))
    for topic in TOPICS:
        shown = {
            each.key: each.post.text
            for query in QUERIES
            for each in plant.feeds.shown[query]
            if topic.any[0] in each.post.text
        }
        stored = [(str(m.post.key), m.post.text) for m in plant.calm.mentions.between(topic.name, whole)]
        for key, count in Counter(text for _, text in stored).items():
            if count > 1:
                yield f"{topic.name}: {key!r} is stored {count} times"
        for key in shown.keys() - {key for key, _ in stored}:
            yield f"{topic.name}: {key} was shown and is not stored"
        for key, text in stored:
            if shown.get(key) != text:
                yield f"{topic.name}: {key} is stored as {text!r}, and was shown as {shown.get(key)!r}"


def nothing_forgotten(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """What the store said that it took is in the outbox."""
    for room in all_rooms:
        for id_ in plant.watch.taken.get(room.chat, {}).keys() - room.kept.keys():
            yield f"{room.chat}: {id_} was taken and is not in the outbox"


def none_missing(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """Every message is over; what was sent is visible under its id with its text; what was not has a good reason."""
    for room in all_rooms:
        for id_, each in room.kept.items():
            delivery = each.delivery
            if delivery.state == "sent":
                seen = room.at(delivery.message_id)
                is_scribbled = (room.address, delivery.message_id) in plant.watch.scribbled
                if delivery.address == room.address and (seen is None or seen.text != each.text) and not is_scribbled:
                    found = "nothing" if seen is None else repr(seen.text)
                    yield f"{room.chat}: {id_} is missing: at {delivery.message_id} readers see {found}"
            elif delivery.is_held:
                if is_dense(room.chat) and not (room.is_disturbed or room.is_restored):
                    yield f"{room.chat}: {id_} is held where a probe can decide ({delivery.reason})"
            elif delivery.state != "dead":
                yield f"{room.chat}: {id_} is {delivery.state} at rest"
            elif not (room.is_disturbed or REFUSED in delivery.reason or delivery.reason.startswith(EARLIER)):
                yield f"{room.chat}: {id_} was given up without need ({delivery.reason})"


def none_twice(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """No text is visible more often than there are messages that say it, but for what nobody could know of."""
    for room in all_rooms:
        may = Counter(
            each.text for each in room.kept.values() if each.delivery.state == "sent" or each.delivery.is_held
        )
        if room.is_restored:
            # What was sent since the backup is unknown to the store. Owners are told of a trouble again that goes on,
            # and what Telegram gives again, since nobody asked for more before the restore, is answered again.
            ever = plant.watch.ever.get(room.chat, set())
            again = {f"reply:{update}" for update in plant.watch.given_again}
            told = {text for id_, text in ever if id_.startswith("notice:") or id_ in again}
            may = Counter(text for _, text in ever) + Counter(
                shown.text for shown in room.visible if shown.text in told
            )
        own = [shown for shown in room.visible if (str(shown.chat), shown.message_id) not in plant.watch.scribbled]
        spare = _copies_forgotten(plant, room)
        for text, count in Counter(shown.text for shown in own).items():
            over = max(0, count - may[text] - _excused(plant, room, text))
            if over > spare and not room.is_disturbed:
                yield f"{room.chat}: {text!r} is visible {count} times, of {may[text]} messages"
            spare -= min(over, spare)


def _copies_forgotten(plant: Plant, room: Room) -> int:
    """Return how many late copies may be in a chat of which a restore forgot.

    It looks for none, for it would write over what it does not know, and may take one for another message.
    """
    return sum(each.claim.chat == room.chat for each in plant.watch.ever_late) if room.is_restored else 0


def _excused(plant: Plant, room: Room, text: str) -> int:
    """Return how many late messages in a chat nobody could know of: all had ceased to look, and its sender died."""
    mine = [each for each in plant.watch.late if each.text == text and each.claim.chat == room.chat]
    return 0 if room.is_restored else sum(not _is_looked_for(room, each) for each in mine)


def _is_looked_for(room: Room, late: Late) -> bool:
    kept = room.kept.get(late.claim.message)
    return late.will_look and kept is not None and kept.delivery.state == "sent"


def none_unknown(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """Nothing is visible that was not handed over."""
    for room in all_rooms:
        ever = plant.watch.ever.get(room.chat, set())
        known = {text for _, text in ever} if room.is_restored else {each.text for each in room.kept.values()}
        for shown in room.visible:
            if shown.text not in known and not (room.is_restored and room.is_disturbed):
                yield f"{room.chat}: readers see {shown.text!r}, which nobody handed over"


def in_order(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """Messages stand in the order in which they were handed over, and no part without the one before."""
    for room in all_rooms:
        sent = [each for each in room.kept.values() if each.delivery.state == "sent"]
        sent = [each for each in sent if each.delivery.address == room.address]
        ordered = sorted(sent, key=lambda each: (each.place, each.delivery.part))
        for one, other in pairwise(ordered):
            same = one.parcel.message.digest_id == other.parcel.message.digest_id
            is_after = one.place < other.place or (same and one.delivery.part < other.delivery.part)
            if is_after and (one.delivery.message_id or 0) > (other.delivery.message_id or 0):
                yield f"{room.chat}: {other.parcel.message.id} stands before {one.parcel.message.id}"
        states = {(e.parcel.message.digest_id, e.delivery.part): e.delivery for e in room.kept.values()}
        for (digest, part), delivery in states.items():
            before = states.get((digest, part - 1))
            if delivery.state == "sent" and before is not None and is_released(before):
                yield f"{room.chat}: part {part} of {digest} arrived, and the one before is {before.state}"


def claimed_once(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """A post is shown by one living digest of a chat at most."""
    for room in all_rooms:
        living = [each for each in room.kept.values() if not is_released(each.delivery)]
        for post, count in Counter(post for each in living for post in each.parcel.posts).items():
            if count > 1:
                yield f"{room.chat}: {post} is in {count} digests"


def ids_once(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """What was sent has an id, nothing else has, and no two messages have the same."""
    for room in all_rooms:
        for id_, each in room.kept.items():
            if (each.delivery.state == "sent") != (each.delivery.message_id is not None):
                yield f"{room.chat}: {id_} is {each.delivery.state} with the id {each.delivery.message_id}"
        places = Counter(
            (e.delivery.address, e.delivery.message_id) for e in room.kept.values() if e.delivery.message_id
        )
        for place, count in places.items():
            if count > 1:
                yield f"{room.chat}: {count} messages have the id {place}"


def effects_once(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """Every command was answered once, and subscriptions are what the commands in their order make of them.

    Not so where the bot was put out, or the chat moved: whether the person may say that there is asked when it is
    answered, of a chat that tells us nothing by then.
    """
    kept_aside = {each.item.id for each in plant.calm.quarantine.all()}
    by_chat = {room.chat: room for room in all_rooms}
    wanted: dict[tuple[str, str], bool | None] = {}
    for asked in (each for each in plant.asked if each.chat not in plant.disturbed and not plant.epoch):
        is_aside = str(asked.update) in kept_aside
        if not is_aside and f"reply:{asked.update}" not in by_chat[asked.chat].kept:
            yield f"{asked.chat}: the update {asked.update} ({asked.text}) has no answer"
        verb, _, topic = asked.text.removeprefix("/").partition(" ")
        if topic:
            wanted[asked.chat, topic] = None if is_aside else verb == "subscribe"
    for chat in {chat for chat, _ in wanted}:
        subscribed = {each.topic for each in plant.calm.subscriptions.of(chat)}
        for topic in (topic.name for topic in TOPICS):
            want = wanted.get((chat, topic), False)
            if want is not None and want != (topic in subscribed):
                yield f"{chat}: subscribed to {topic} is {topic in subscribed}, and was asked to be {want}"


def nothing_waits(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """Nobody holds anything, no update waits."""
    for (_, job), held in plant.watch.held.items():
        if held.till > plant.world.now:
            yield f"{job} is held by {held.owner} at rest"
    if waiting := plant.calm.inbox.waiting() + len(plant.state.updates.pending):
        yield f"{waiting} updates wait"


def is_sound(plant: Plant, all_rooms: list[Room]) -> Iterator[str]:
    """`monitor fsck` finds nothing, and Telegram found nothing wrong with any request."""
    yield from (f"fsck: {each}" for each in check(plant.calm.connection))
    yield from (f"Telegram: {each}" for each in plant.state.breaches)


AT_REST: tuple[Callable[[Plant, list[Room]], Iterator[str]], ...] = (
    *(posts_once, nothing_forgotten, none_missing, none_twice, none_unknown, in_order),
    *(claimed_once, ids_once, effects_once, nothing_waits, is_sound),
)
ALWAYS = (
    *("one holder", "growing fences", "nothing by an old fence", "places behind posts"),
    *("late senders tell", "no error of our own"),
)
INVARIANTS = len(AT_REST) + len(ALWAYS)


def findings(plant: Plant) -> list[str]:
    """Return a sentence for each promise that is broken at rest, of each kind the first ones."""
    all_rooms = rooms(plant)
    return [f"{rule.__name__}: {each}" for rule in AT_REST for each in list(rule(plant, all_rooms))[:SHOWN]]
