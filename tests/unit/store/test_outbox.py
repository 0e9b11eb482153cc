"""The outbox: every script does the same once and four times, and what it leaves makes sense."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.digests.delivery import (
    Abandoned,
    Absent,
    Arrived,
    Claimed,
    Event,
    Gone,
    NotSent,
    Orphaned,
    Rejected,
    Terms,
    Undecided,
    Unknown,
    is_legal,
    is_released,
    next_step,
)
from monitor.models import Job, Lease, Message, Parcel, PostKey
from monitor.protocols import Extra, Pending
from monitor.services.courier import deliver_job
from monitor.store.chats import ChatList
from monitor.store.codec import encode
from monitor.store.connection import Argument, Connection
from monitor.store.floods import FloodList
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.outbox import OutboxStore, store_now
from monitor.store.schedule import DueList, LeaseStore
from monitor.store.send_pace import SendPace
from monitor.store.sender_leases import SenderLeases

CHAT = "-1001"
MINUTE = timedelta(minutes=1)
WIDE = SendPace(1000, MINUTE)
TERMS = Terms()


def dump(connection: Connection) -> dict[str, Any]:
    """Return all that is stored, but for the time to which the sender's lease lasts: asking again prolongs it."""
    reads: dict[str, Sequence[Argument]] = {
        "hash": ("HGETALL",),
        "zset": ("ZRANGE", 0, -1, "WITHSCORES"),
        "string": ("GET",),
    }
    stored: dict[str, Any] = {}
    for key in connection.scan(f"{connection.keys.prefix}*"):
        command, *rest = reads[connection.execute("TYPE", key).decode()]
        value = connection.execute(command, key, *rest)
        if command == "HGETALL":
            value = dict(value.items()) if isinstance(value, dict) else dict(zip(value[::2], value[1::2], strict=True))
        if key.endswith(("}:sender", "}:leases")):
            value = {field: lease.split(b" ", 1)[1] for field, lease in value.items()}
        stored[key] = value
    return stored


class Replaying(Connection):
    """A connection whose every answer is lost a few times, so that the command is sent again."""

    times = 0
    ran: set[str] = set()  # noqa: RUF012 - counted over all tests

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        answer = super().run(script, keys, args)
        once = dump(self)
        for _ in range(self.times):
            super().run(script, keys, args)
            assert dump(self) == once, f"{script} does more when replayed"
        self.ran.add(script)
        return answer


@pytest.fixture
def replaying(connection: Connection) -> Iterator[Replaying]:
    connected = Replaying(connection.url, connection.keys)
    yield connected
    connected.close()


def parcels(digest: str, posts: Sequence[Sequence[str]]) -> list[Parcel]:
    return [
        Parcel(
            message=Message(id=f"{digest}-{part}", chat=CHAT, digest_id=digest, part=part, text=f"{digest} {part}"),
            posts=tuple(PostKey("rss", each) for each in shown),
        )
        for part, shown in enumerate(posts)
    ]


class Bench:
    """One chat, and everything that can be done to its outbox."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outbox = OutboxStore(connection, WIDE, WIDE)
        self.chats = ChatList(connection, WIDE)
        self.leases = LeaseStore(connection)
        self.due = DueList(connection)
        self.id = 0
        lease = self.outbox.acquire(CHAT, "one", MINUTE)
        assert lease is not None
        self.lease = lease
        self.stale = Lease(lease.job, "zombie", lease.fence - 1)

    def turn(self, what: int, number: int) -> None:
        """Do one of the things that can happen."""
        turns = (
            self.hand_over, self.send, self.settle, self.settle, self.extra, self.move,
            self.prune, self.wake, self.rest, self.admit, self.change_hands,
        )  # fmt: skip
        turns[what % len(turns)](number)

    def hand_over(self, number: int) -> None:
        parts = [[str((number + part) % 7)] for part in range(1 + number % 3)]
        self.outbox.hand_over(CHAT, parcels(f"d{number}", parts))

    def send(self, number: int) -> None:
        view = self.outbox.outlook(CHAT)
        if view.head is None or view.head.delivery.state != "ready":
            return
        if view.before is not None and is_released(view.before):
            self.write(view.head, Orphaned())
            return
        claimed = next_step(view.head.delivery, Claimed(view.address, view.last_id), view.now, TERMS)
        assert self.outbox.claim(self.stale, view.head, claimed) is None
        assert self.outbox.claim(self.lease, view.head, claimed) is not None

    def settle(self, number: int) -> None:
        self.id += 1
        events: tuple[Event, ...] = (
            Arrived(self.id), NotSent("429"), Rejected("400"), Gone("403"), Unknown("?"), Abandoned(), Absent(),
            Undecided(5, 0, True),
        )  # fmt: skip
        head = self.outbox.outlook(CHAT).head
        event = events[number % len(events)]
        if head is not None and head.delivery.state != "ready" and is_legal(head.delivery, event):
            self.write(head, event)

    def write(self, pending: Pending, event: Event) -> None:
        now = store_now(self.connection)
        settled = next_step(pending.delivery, event, now, TERMS)
        assert not self.outbox.settle(self.stale, pending, settled)
        assert self.outbox.settle(self.lease, pending, settled, now + MINUTE)

    def extra(self, number: int) -> None:
        extra = Extra(f"d{number}-0", 1_000_000 + number)
        self.outbox.file_extra(CHAT, extra)
        if number % 2:
            assert not self.outbox.clear(self.stale, extra)
            assert self.outbox.clear(self.lease, extra)
        self.outbox.clear(self.lease, f"d{number}-0")

    def move(self, number: int) -> None:
        self.outbox.move(CHAT, f"-100{number % 3}")

    def prune(self, number: int) -> None:
        self.outbox.prune(CHAT, store_now(self.connection) + timedelta(hours=number % 2))

    def wake(self, number: int) -> None:
        self.chats.wake(CHAT, f"d{number}")

    def rest(self, number: int) -> None:
        job = deliver_job(CHAT)
        lease = self.leases.acquire(job, f"worker {number}", MINUTE)
        if lease is not None:
            assert self.chats.rest(lease, MINUTE, self.chats.token(CHAT) if number % 2 else "older")

    def admit(self, number: int) -> None:
        self.chats.admit(f"attempt {number}")

    def change_hands(self, number: int) -> None:
        assert self.outbox.acquire(CHAT, "another", MINUTE) is None
        self.outbox.release(self.lease)
        self.stale = self.lease
        lease = self.outbox.acquire(CHAT, f"owner {number} {self.lease.fence}", MINUTE)
        assert lease is not None
        assert lease.fence > self.lease.fence
        self.lease = lease


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    turns=st.lists(st.tuples(st.integers(0, 10), st.integers(0, 23)), min_size=10, max_size=45),
    times=st.integers(1, 4),
)
def test_every_script_does_the_same_however_often_it_is_replayed(
    replaying: Replaying, turns: list[tuple[int, int]], times: int
) -> None:
    replaying.erase()
    replaying.times = times
    bench = Bench(replaying)

    for what, number in turns:
        bench.turn(what, number)

    assert check(replaying) == []


def test_every_script_of_the_outbox_is_among_those(replaying: Replaying) -> None:
    replaying.times = 2
    replaying.ran.clear()
    bench = Bench(replaying)

    for what in (0, 1, 2, 4, 5, 0, 1, 6, 7, 8, 9, 10):
        for number in (0, 1, 8):
            bench.turn(what, number)

    scripts = "hand_over claim settle clear move forget wake rest admit acquire renew"
    assert replaying.ran == set(scripts.split())


@pytest.fixture
def bench(connection: Connection) -> Bench:
    return Bench(connection)


def settled(bench: Bench, *events: Event) -> None:
    for event in events:
        bench.send(0)
        head = bench.outbox.outlook(CHAT).head
        assert head is not None
        bench.write(head, event)


def test_a_digest_is_taken_whole_or_not_at_all(bench: Bench) -> None:
    bench.outbox.hand_over(CHAT, parcels("first", [["a"], ["b"]]))

    refused = bench.outbox.hand_over(CHAT, parcels("second", [["c"], ["b"]]))

    assert refused == {PostKey("rss", "b")}
    assert bench.outbox.find(CHAT, "second-0") is None
    assert bench.outbox.hand_over(CHAT, parcels("third", [["c"]])) == frozenset()


def test_the_same_digest_again_is_known_whatever_it_says(bench: Bench) -> None:
    first = parcels("d", [["a"]])
    bench.outbox.hand_over(CHAT, first)

    refused = bench.outbox.hand_over(CHAT, parcels("d", [["z"]]))

    assert refused == frozenset()
    found = bench.outbox.find(CHAT, "d-0")
    assert found is not None
    assert found.parcel == first[0]


@pytest.mark.parametrize("ending", [Gone("403"), Unknown("?")], ids=["dead", "held"])
def test_what_is_not_delivered_frees_its_posts(bench: Bench, ending: Event) -> None:
    bench.outbox.hand_over(CHAT, parcels("d", [["a"]]))
    bench.send(0)
    for event in (ending, Undecided(0, 0, True)):
        head = bench.outbox.outlook(CHAT).head
        if head is not None:
            bench.write(head, event)

    assert bench.outbox.hand_over(CHAT, parcels("e", [["a"]])) == frozenset()


def test_a_post_that_was_delivered_stays_claimed_until_it_is_forgotten(bench: Bench) -> None:
    bench.outbox.hand_over(CHAT, parcels("d", [["a"]]))
    settled(bench, Arrived(7))

    assert bench.outbox.hand_over(CHAT, parcels("e", [["a"]])) == {PostKey("rss", "a")}
    assert bench.outbox.prune(CHAT, store_now(bench.connection) + MINUTE) == 1
    assert bench.outbox.hand_over(CHAT, parcels("e", [["a"]])) == frozenset()


def test_messages_wait_in_the_order_in_which_they_came(bench: Bench) -> None:
    for digest in ("a", "b"):
        bench.outbox.hand_over(CHAT, parcels(digest, [[]] * 12))
    left = []
    for n in range(24):
        head = bench.outbox.outlook(CHAT).head
        assert head is not None
        left.append(head.id)
        settled(bench, Arrived(n + 1))

    assert left == [f"{digest}-{part}" for digest in "ab" for part in range(12)]


def test_a_chat_is_sent_to_no_faster_than_its_pace(connection: Connection) -> None:
    bench = Bench(connection)
    bench.outbox = OutboxStore(connection, SendPace(1, timedelta(seconds=30)), SendPace(2, MINUTE))
    bench.outbox.hand_over(CHAT, parcels("d", [[], []]))
    settled(bench, Arrived(1))
    view = bench.outbox.outlook(CHAT)
    assert view.head is not None
    claimed = next_step(view.head.delivery, Claimed(CHAT, 1), view.now, TERMS)

    wait = bench.outbox.claim(bench.lease, view.head, claimed)

    assert wait is not None
    assert timedelta(seconds=25) < wait <= timedelta(seconds=30)
    assert bench.outbox.outlook(CHAT).head == view.head


def test_when_three_chats_have_to_wait_the_whole_bot_waits_for_the_first_of_them(connection: Connection) -> None:
    floods = FloodList(connection)

    waits = []
    for number, minutes in enumerate((5, 3, 9, 4)):
        floods.heed(f"-100{number}", minutes * MINUTE)
        floods.heed(f"-100{number}", MINUTE)  # a shorter wait takes nothing back
        waits.append(round(floods.wait() / MINUTE))

    assert waits == [0, 0, 3, 4]


def test_the_bot_sends_no_faster_than_its_pace_over_all_chats(connection: Connection) -> None:
    chats = ChatList(connection, SendPace(3, MINUTE))

    waits = [chats.admit(f"attempt {n}") for n in (1, 2, 2, 2, 3, 4)]

    assert [wait > timedelta(0) for wait in waits] == [False] * 5 + [True]


def test_what_comes_while_a_chat_is_looked_at_is_looked_at_at_once(bench: Bench) -> None:
    bench.chats.wake(CHAT, "first")
    lease = bench.leases.acquire(deliver_job(CHAT), "worker", MINUTE)
    assert lease is not None
    token = bench.chats.token(CHAT)
    bench.chats.wake(CHAT, "second")

    bench.chats.rest(lease, timedelta(hours=1), token)

    assert bench.due.take(10) == [Job("deliver", CHAT)]


def test_the_same_wake_again_wakes_nobody(bench: Bench) -> None:
    bench.chats.wake(CHAT, "first")
    lease = bench.leases.acquire(deliver_job(CHAT), "worker", MINUTE)
    assert lease is not None
    bench.chats.rest(lease, timedelta(hours=1), bench.chats.token(CHAT))

    bench.chats.wake(CHAT, "first")

    assert bench.due.take(10) == []
    assert bench.chats.all() == [CHAT]


BROKEN = {
    "sent without an id": ("outbox", lambda d: replace(d, message_id=None), "with the id None"),
    "not over and not queued": ("outbox", lambda d: replace(d, state="ready", message_id=None), "not in the queue"),
    "held and sent": ("outbox", lambda d: replace(d, is_held=True), "is held and sent"),
    "twice": ("twice", None, "belongs to 2 messages"),
    "stray claim": ("claim", None, "unknown message"),
    "lost claim": ("unclaim", None, "is not claimed"),
    "lost parcel": ("parcel", None, "is in the outbox only"),
    "lost age": ("age", None, "is in the outbox only"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_fsck_finds_what_is_broken(bench: Bench, name: str) -> None:
    what, change, words = BROKEN[name]
    bench.outbox.hand_over(CHAT, parcels("d", [["a"], ["b"]]))
    settled(bench, Arrived(1))
    settled(bench, Arrived(2))
    keys = bench.connection.keys.chat(CHAT)
    found = bench.outbox.find(CHAT, "d-0")
    assert found is not None
    assert check(bench.connection) == []

    commands: dict[str, tuple[Argument, ...]] = {
        "outbox": ("HSET", keys.outbox, "d-0", encode(change(found.delivery) if change else found.delivery)),
        "twice": ("HSET", keys.outbox, "d-0", encode(replace(found.delivery, message_id=2))),
        "claim": ("HSET", keys.claims, "rss:z", "nobody-0"),
        "unclaim": ("HDEL", keys.claims, "rss:a"),
        "parcel": ("HDEL", keys.parcels, "d-0"),
        "age": ("ZREM", keys.handed, "d-0"),
    }
    bench.connection.execute(*commands[what])

    assert any(words in finding for finding in check(bench.connection))


def test_keys_under_another_prefix_are_not_met(connection: Connection) -> None:
    bench = Bench(connection)
    bench.outbox.hand_over(CHAT, parcels("d", [["a"]]))
    other = connection.under(Keyspace(f"{connection.keys.prefix}other:"))

    assert OutboxStore(other).hand_over(CHAT, parcels("e", [["a"]])) == frozenset()

    other.erase()
    other.close()


def test_a_chat_need_not_wait_for_a_sender_that_is_dead(connection: Connection) -> None:
    dead: set[str] = set()
    leases = SenderLeases(connection, dead.__contains__)
    job = deliver_job(CHAT)
    assert leases.acquire(job, "first", MINUTE) is not None
    assert leases.acquire(job, "second", MINUTE) is None

    dead.add("first")
    taken = leases.acquire(job, "second", MINUTE)

    assert taken is not None
    assert leases.acquire(job, "third", MINUTE) is None
