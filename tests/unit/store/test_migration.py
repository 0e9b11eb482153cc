"""Data that an earlier release wrote is read, and brought to the version of this one, also by processes that die."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.errors import StoreError
from monitor.models import Job, Window
from monitor.store.codec import to_ms
from monitor.store.connection import SCHEMA, Connection
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.mentions import MentionStore
from monitor.store.migration import LEASE, Alive, migrate, version_of
from monitor.store.outbox import OutboxStore
from monitor.store.outgoing import OutgoingStore
from monitor.store.prefixes import erase_forgotten
from monitor.store.schedule import LeaseStore
from tests.build import NOW, a_mention

# What version 1 wrote, byte for byte, of an invented post, of another one that was withdrawn, and of a digest.
POST = (
    "dc0010bb68747470733a2f2f62736b792e6578616d706c652f706f73742f31bfe7a0b8e99485e58d96e993812ce58588e7a0b8e8b081e79a84e9"
    "94853f2031cf0000019cd79e4600c093c0c0c0c090c0c0c09192ace7a0b8e99485e58d96e9938191920004a77a682d48616e73a448616e73a267"
    "31c2c2"
)
WITHDRAWN = (
    "dc0010c0a0cf0000019cd79e4600c093c0c0c0c090c0c0c09192ace7a0b8e99485e58d96e9938190a77a682d48616e73"
    "a448616e73a26732c2c3"
)
MESSAGE = (
    "87a26964a3642d30a463686174a52d31303031a96469676573745f6964a164a47061727400a474657874ace7a0b8e99485e58d96e99381a8656e"
    "7469746965739183a474797065a4626f6c64a66f666673657400a66c656e67746804a673696c656e74c3"
)
PARCEL = f"83a76d657373616765{MESSAGE}a5706f7374739192a7626c7565736b79a131a570686f746fc0"
RECORD = "9fa473656e74d6ff69b007c0000101a52d31303031c007c00000c2c2c2a0"
ENGAGEMENT = "9195cf0000019cd79e460005ffffff"
TERM = "砸锅卖铁"
CHAT = "-1001"


@pytest.fixture
def old(connection: Connection) -> Connection:
    """Return a store as version 1 left it: a withdrawn post was read again, and a replay was killed."""
    keys, at = connection.keys, to_ms(NOW)
    topic, chat = keys.topic("pots"), keys.chat(CHAT)
    for id_, group, body in (("1", "g1", POST), ("2", "g2", WITHDRAWN)):
        name = f"bluesky:{id_}"
        connection.execute("HSET", topic.posts, name, bytes.fromhex(body))
        connection.execute("ZADD", topic.times, at, name)
        connection.execute("ZADD", topic.copies, 0, f"{group} {name}")
        connection.execute("ZADD", topic.terms, 0, f"{TERM}\0{at:015d}\0{name}")
        connection.execute("HSET", topic.engagement, name, bytes.fromhex(ENGAGEMENT))
    connection.execute("HSET", chat.messages, "d-0", bytes.fromhex(MESSAGE))
    connection.execute("ZADD", chat.order, at, "d-0")
    connection.execute("HSET", chat.outbox, "d-0", bytes.fromhex(RECORD))
    connection.execute("HSET", chat.parcels, "d-0", bytes.fromhex(PARCEL))
    connection.execute("ZADD", chat.handed, at, "d-0")
    connection.execute("HSET", chat.claims, "bluesky:1", "d-0")
    connection.execute("SET", keys.work.schema, 1)
    return connection


@pytest.fixture
def leftover(connection: Connection) -> Iterator[Connection]:
    """Yield a replay that was killed, under the name that replays have."""
    left = connection.under(Keyspace(f"replay-{uuid.uuid4().hex[:8]}:"))
    MentionStore(left).add("pots", [a_mention("1")], oldest=NOW - timedelta(days=1))
    yield left
    left.erase()
    left.close()


def engagement(connection: Connection) -> list[bytes]:
    return sorted(connection.execute("HKEYS", connection.keys.topic("pots").engagement))


def test_what_version_1_wrote_is_read_before_it_is_migrated(old: Connection) -> None:
    window = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=1))

    one, two = MentionStore(old).between("pots", window)
    (_, kept) = OutgoingStore(old).latest(CHAT, 1)[0]
    found = OutboxStore(old).find(CHAT, "d-0")

    assert (one.post.text, one.terms[0].term, two.withdrawn) == (f"{TERM},先砸谁的锅? 1", TERM, True)
    assert (kept.text, kept.quotes) == (TERM, ())
    assert found is not None
    assert (found.delivery.state, found.delivery.message_id, found.delivery.is_retold) == ("sent", 7, False)
    assert check(old) == []


def test_version_1_becomes_version_4_and_again_changes_nothing(old: Connection, leftover: Connection) -> None:
    assert [migrate(old) for _ in range(3)] == [1, 4, 4]

    assert version_of(old) == SCHEMA == 4
    assert engagement(old) == [b"bluesky:1"], "of the withdrawn post nothing is left"
    assert leftover.keys.prefix in erase_forgotten(old, NOW + timedelta(days=10**4))
    assert next(leftover.scan(f"{leftover.keys.prefix}*"), None) is None
    assert check(old) == []


def test_version_2_becomes_version_4_without_fingerprints_of_withdrawn_posts(old: Connection) -> None:
    old.execute("SET", old.keys.work.schema, 2)

    assert [migrate(old) for _ in range(2)] == [2, 4]

    one, two = MentionStore(old).between("pots", Window(NOW - timedelta(hours=1), NOW + timedelta(hours=1)))
    assert (one.group, two.group, two.withdrawn) == ("g1", "", True)
    assert old.execute("EXISTS", old.keys.topic("pots").copies) == 0
    assert check(old) == []


def test_version_3_becomes_version_4_without_an_index_of_terms(old: Connection) -> None:
    terms = old.keys.topic("pots").terms
    old.execute("SET", old.keys.work.schema, 3)
    before = old.execute("EXISTS", terms)

    assert [migrate(old) for _ in range(2)] == [3, 4]

    one, two = MentionStore(old).between("pots", Window(NOW - timedelta(hours=1), NOW + timedelta(hours=1)))
    assert (before, old.execute("EXISTS", terms)) == (1, 0)
    assert [hit.term for each in (one, two) for hit in each.terms] == [TERM, TERM], "they are in the bodies"
    assert check(old) == []


def test_indexes_written_by_the_release_before_go_with_the_next_pruning(connection: Connection) -> None:
    """While both run, the old one goes on writing them, and would leave fingerprints and keys of gone posts."""
    keys = connection.keys.topic("pots")
    connection.execute("ZADD", keys.copies, 0, "g1 bluesky:1")
    connection.execute("ZADD", keys.terms, 0, f"{TERM}\0{to_ms(NOW):015d}\0bluesky:1")

    MentionStore(connection).prune("pots", NOW - timedelta(days=30))

    assert connection.execute("EXISTS", keys.copies, keys.terms) == 0


class Killed(BaseException):
    """Ends a process as SIGKILL does."""


@pytest.mark.parametrize("dies_at", range(6))
def test_a_migration_that_is_killed_anywhere_is_done_again(connection: Connection, dies_at: int) -> None:
    done: list[int] = []

    def step(store: Connection, alive: Alive) -> None:
        for number in range(5):
            if len(done) == dies_at:
                done.append(-1)
                raise Killed
            alive()
            store.execute("HSETNX", store.keys.work.topics_meta, str(number), "x")
            done.append(number)

    connection.execute("SET", connection.keys.work.schema, 1)
    try:
        migrate(connection, {1: step}, 2)
    except Killed:
        # A killed process does not give its lease back, but it ends.
        assert version_of(connection) == 1
        migrate(connection, {1: step}, 2)

    assert version_of(connection) == 2
    assert int(connection.execute("HLEN", connection.keys.work.topics_meta)) == 5


def test_all_processes_wait_for_the_one_that_migrates(connection: Connection) -> None:
    runs: list[int] = []

    def step(store: Connection, alive: Alive) -> None:
        runs.append(1)
        for _ in range(50):
            alive()

    connection.execute("SET", connection.keys.work.schema, 1)
    stores = [connection.under(connection.keys) for _ in range(4)]
    threads = [threading.Thread(target=migrate, args=(store, {1: step}, 2)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for store in stores:
        store.close()

    assert (len(runs), version_of(connection)) == (1, 2)


def test_one_that_stood_still_changes_no_version(connection: Connection) -> None:
    job = Job("upkeep", "migrate")

    def step(store: Connection, alive: Alive) -> None:
        # Somebody else takes the lease, as after its time.
        store.execute("HDEL", store.keys.work.leases, str(job))
        assert LeaseStore(store).acquire(job, "another", LEASE) is not None
        alive()

    connection.execute("SET", connection.keys.work.schema, 1)
    with pytest.raises(StoreError, match="stood still"):
        migrate(connection, {1: step}, 2)

    assert version_of(connection) == 1


def test_data_of_a_newer_program_is_refused_in_one_sentence(connection: Connection) -> None:
    connection.execute("SET", connection.keys.work.schema, SCHEMA + 1)

    with pytest.raises(StoreError, match="install a newer one, nothing was written"):
        migrate(connection)
