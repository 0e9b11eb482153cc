"""One file that holds a moment of the store, and the way back."""

import gzip
import stat
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from monitor.duties.upkeep import rotate, silent
from monitor.errors import StoreError
from monitor.models import Job, Message, Query
from monitor.store.backup import Made, back_up, scratch_folder, scratch_store
from monitor.store.backup_file import Chunk, Header, Trailer, read, written
from monitor.store.codec import encode
from monitor.store.connection import Connection, store_now
from monitor.store.embedded import EmbeddedStore
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.mentions import MentionStore
from monitor.store.outbox import OutboxStore
from monitor.store.outgoing import OutgoingStore
from monitor.store.prefixes import erase_forgotten, staging
from monitor.store.repairs import RepairStore
from monitor.store.restore import ENDED, restore_into
from monitor.store.schedule import LeaseStore
from monitor.store.sender_leases import SenderLeases
from monitor.store.swap import has_data, take_place
from monitor.topics.polling.planning import poll_job
from tests.build import NOW, a_mention
from tests.integration.couriers import parcels

LONG_AGO = NOW - timedelta(days=400)


def filled(connection: Connection) -> Connection:
    """Put something of every slot into a store."""
    MentionStore(connection).add("pots", [a_mention(f"p{n}") for n in range(450)], oldest=LONG_AGO)
    OutboxStore(connection).hand_over("-1001", parcels("-1001", "d", parts=2))
    OutgoingStore(connection).keep(Message(id="m-0", chat="preview-pots", digest_id="m", part=0, text="锅"), NOW)
    LeaseStore(connection).acquire(poll_job(Query("rss", "x")), "somebody", timedelta(seconds=5))
    return connection


def back_up_to(connection: Connection, path: Path) -> Made:
    return back_up(connection, path, b"k" * 32, silent)


@pytest.fixture
def beside(connection: Connection) -> Iterator[Connection]:
    """Yield a connection to the same server under another prefix."""
    other = connection.under(Keyspace(f"test-{uuid.uuid4().hex[:8]}:"))
    yield other
    other.erase()
    other.close()


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def content(connection: Connection) -> dict[str, Any]:
    """Return everything that a restore must bring back as it was."""
    found: dict[str, Any] = {}
    for name in connection.scan(f"{connection.keys.prefix}*"):
        kind = connection.keys.kind_of(name)
        assert kind is not None
        if kind.name not in ENDED | {"outbox", "fence", "sender-fence", "survey", "restored"}:
            read = {"hash": ("HGETALL",), "zset": ("ZRANGE", 0, -1, "WITHSCORES"), "string": ("GET",)}[kind.type]
            answer = connection.execute(read[0], name, *read[1:])
            found[name.removeprefix(connection.keys.prefix)] = dict(answer) if isinstance(answer, dict) else answer
    return found


def test_what_was_backed_up_comes_back_as_it_was(connection: Connection, beside: Connection, tmp_path: Path) -> None:
    made = back_up_to(filled(connection), tmp_path / "a.backup")

    restored = restore_into(beside, made.path, silent)

    assert content(beside) == content(connection)
    assert (restored.findings, made.findings) == ([], [])
    assert (restored.trailer.posts, restored.trailer.messages, restored.in_doubt) == (450, 2, 2)
    assert restored.header.author_key == b"k" * 32
    assert check(beside) == []


def test_what_ended_since_the_backup_does_not_make_it_unsound(
    connection: Connection, beside: Connection, tmp_path: Path
) -> None:
    """Who was refused, how fast updates came, what a sweep took: every backup of a running product holds such keys."""
    keys = filled(connection).keys
    ending = (keys.chat("-1001").refused, keys.inbox_pace("strangers"), keys.chat("-1001").applied)
    for name in ending:
        connection.execute("ZADD", name, 1, "5")
        connection.execute("PEXPIRE", name, 60_000)
    connection.execute("SET", keys.taken("sweep"), "x", "PX", 60_000)
    made = back_up_to(connection, tmp_path / "a.backup")
    frames = list(read(made.path, lambda _: None))

    with written(tmp_path / "later.backup") as writer:
        for frame in frames:
            if isinstance(frame, Trailer):
                writer.end(frame)
            elif isinstance(frame, Chunk) and frame.ends_at is not None:
                writer.write(replace(frame, ends_at=1_000))
            else:
                writer.write(frame)
    restored = restore_into(beside, tmp_path / "later.backup", silent)

    assert restored.trailer.keys["taken"] == 1
    assert restored.findings == []
    assert not any(connection.execute("EXISTS", name.replace(keys.prefix, beside.keys.prefix)) for name in ending)


@pytest.mark.parametrize("lost", ["posts", "outbox"])
def test_a_backup_that_lacks_a_key_is_not_sound(
    connection: Connection, beside: Connection, tmp_path: Path, lost: str
) -> None:
    frames = list(read(back_up_to(filled(connection), tmp_path / "a.backup").path, lambda _: None))

    with written(tmp_path / "less.backup") as writer:
        for frame in frames:
            if isinstance(frame, Trailer):
                writer.end(frame)
            elif not (isinstance(frame, Chunk) and frame.key.endswith(f":{lost}")):
                writer.write(frame)

    assert any(
        finding.startswith(f"{lost}: the backup holds 0 of")
        for finding in restore_into(beside, tmp_path / "less.backup", silent).findings
    )


def test_a_lease_of_the_time_of_the_backup_holds_nobody_up(
    connection: Connection, beside: Connection, tmp_path: Path
) -> None:
    job = poll_job(Query("rss", "x"))
    before = LeaseStore(filled(connection)).acquire(job, "somebody", timedelta(seconds=5))
    assert before is not None
    restore_into(beside, back_up_to(connection, tmp_path / "a.backup").path, silent)

    after = LeaseStore(beside).acquire(job, "somebody else", timedelta(seconds=5))

    assert after is not None
    assert after.fence > before.fence, "whoever slept meanwhile is refused"


def test_who_slept_since_a_backup_was_restored_is_refused_after_it_was_restored_again(
    connection: Connection, beside: Connection, tmp_path: Path
) -> None:
    """Both restores let fences jump to the same number, so a sleeper between them held the fence of his successor."""
    made = back_up_to(filled(connection), tmp_path / "b.gz")
    job, ttl = poll_job(Query("rss", "x")), timedelta(minutes=1)
    restore_into(beside, made.path, silent)
    leases, senders = LeaseStore(beside), SenderLeases(beside)
    slept = leases.acquire(job, "sleeper", ttl), senders.acquire(Job("deliver", "-1001"), "sleeper", ttl)
    beside.erase()
    restore_into(beside, made.path, silent)

    after = leases.acquire(job, "other", ttl), senders.acquire(Job("deliver", "-1001"), "other", ttl)

    for old, new, store in zip(slept, after, (leases, senders), strict=True):
        assert old is not None
        assert new is not None
        assert new.fence > old.fence
        assert not store.renew(old, ttl)


def test_who_slept_since_before_a_restore_is_refused_in_a_chat_that_the_backup_does_not_know(
    connection: Connection, beside: Connection, tmp_path: Path
) -> None:
    """Its fences were counted from one again, and came to those of who had slept."""
    made, job = back_up_to(filled(connection), tmp_path / "a.backup"), Job("deliver", "-1002")
    slept = SenderLeases(connection).acquire(job, "sleeper", timedelta(minutes=1))
    restore_into(beside, made.path, silent)

    after = SenderLeases(beside).acquire(job, "other", timedelta(minutes=1))

    assert slept is not None
    assert after is not None
    assert after.fence > slept.fence


def test_what_a_survey_found_before_the_backup_is_looked_for_again_after_its_restore(
    connection: Connection, beside: Connection, tmp_path: Path
) -> None:
    """Found ids counted as known, so the next survey began behind them, and a message that stood there came twice.

    Or it wrote over another one that no backup knew, and stood there twice.
    """
    chat = "-1001"
    OutboxStore(connection).hand_over(chat, parcels(chat, "d"))
    connection.execute("ZADD", connection.keys.chat(chat).ids, 5, 5)
    restore_into(beside, back_up_to(connection, tmp_path / "first.backup").path, silent)
    lease = SenderLeases(beside).acquire(Job("deliver", chat), "somebody", timedelta(seconds=5))
    assert lease is not None
    found = RepairStore(beside).survey(chat)
    assert found is not None
    RepairStore(beside).surveyed(lease, replace(found, scanned=27, found=(7,), is_done=True, is_whole=True))
    again = back_up_to(beside, tmp_path / "second.backup").path
    beside.erase()

    restore_into(beside, again, silent)

    survey, pending = RepairStore(beside).survey(chat), OutboxStore(beside).find(chat, "d-0")
    assert survey is not None
    assert survey.base == 5
    assert pending is not None
    assert pending.delivery.is_retold, "looked for among messages that nobody knows, it would write over them"


def test_no_part_of_a_digest_that_was_given_up_is_looked_for_after_a_restore(
    connection: Connection, beside: Connection, tmp_path: Path
) -> None:
    """Only the part next to the dead one was left alone; the one after it took the place of a stranger's words."""
    chat = "-1001"
    outbox = OutboxStore(connection)
    outbox.hand_over(chat, parcels(chat, "d", parts=3))
    first = outbox.find(chat, "d-0")
    assert first is not None
    dead = replace(first.delivery, state="dead", reason="refused")
    connection.execute("HSET", connection.keys.chat(chat).outbox, "d-0", encode(dead))

    restored = restore_into(beside, back_up_to(connection, tmp_path / "one.backup").path, silent)

    found = [OutboxStore(beside).find(chat, f"d-{part}") for part in range(3)]
    assert [each and each.delivery.state for each in found] == ["dead", "ready", "ready"]
    assert restored.in_doubt == 0


def test_a_backup_is_of_one_moment_while_others_write(valkey: Connection, tmp_path: Path) -> None:
    stopped = threading.Event()

    def write() -> None:
        store, n = MentionStore(valkey.under(valkey.keys)), 0
        while not stopped.is_set():
            store.add("pots", [a_mention(f"w{n}-{each}") for each in range(50)], oldest=LONG_AGO)
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [back_up_to(valkey, tmp_path / f"{n}.backup") for n in range(3)]
    finally:
        stopped.set()
        writer.join()

    assert [each.findings for each in made] == [[], [], []]
    assert made[0].trailer.posts < made[2].trailer.posts
    assert all(each.trailer.posts % 50 == 0 for each in made), "no add is in it by half"


def test_the_file_is_for_its_owner_only_and_leaves_nothing_beside_it(valkey: Connection, tmp_path: Path) -> None:
    made = back_up_to(filled(valkey), tmp_path / "a.backup")

    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["a.backup"]
    frames = list(read(made.path, lambda _: None))
    assert isinstance(frames[0], Header)
    assert isinstance(frames[-1], Trailer)
    assert frames[0].schema >= 1


@pytest.mark.parametrize("at", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_is_refused(valkey: Connection, tmp_path: Path, at: float) -> None:
    path = back_up_to(filled(valkey), tmp_path / "a.backup").path
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * at)])

    with pytest.raises(StoreError, match=r"a\.backup"):
        list(read(path, lambda _: None))


def test_a_file_whose_content_was_changed_is_refused(valkey: Connection, tmp_path: Path) -> None:
    path = back_up_to(filled(valkey), tmp_path / "a.backup").path
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"p17", b"p71", 1)))

    with pytest.raises(StoreError, match="not what was written"):
        list(read(path, lambda _: None))


def test_what_is_no_backup_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")

    with pytest.raises(StoreError, match="no backup"):
        list(read(tmp_path / "x", lambda _: None))
    with pytest.raises(StoreError, match="cannot be read"):
        list(read(tmp_path / "nowhere", lambda _: None))


def test_a_backup_of_one_kind_of_server_is_restored_into_the_other(redis_url: str, tmp_path: Path) -> None:
    outside = Connection(redis_url, Keyspace(f"test-{uuid.uuid4().hex[:8]}:"))
    made = back_up_to(filled(outside), tmp_path / "a.backup")
    before = content(outside)
    outside.erase()
    outside.close()

    with scratch_folder(tmp_path) as folder, scratch_store(folder) as embedded:
        restored = restore_into(embedded, made.path, silent)
        assert content(embedded) == before

    assert restored.findings == []


def test_a_user_who_may_not_copy_is_told_so(redis_url: str, tmp_path: Path) -> None:
    root = Connection(redis_url)
    root.execute("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-sync", "-psync", "-replconf")
    limited = Connection(redis_url.replace("redis://", "redis://limited:secret@"))

    with pytest.raises(StoreError, match=r"does not let itself be copied .*\+sync"):
        back_up_to(limited, tmp_path / "a.backup")

    root.execute("ACL", "DELUSER", "limited")
    root.close()
    limited.close()
    assert names_in(tmp_path) == []


def test_restored_keys_take_the_place_of_living_ones_all_at_once(connection: Connection, tmp_path: Path) -> None:
    made = back_up_to(filled(connection), tmp_path / "a.backup")
    before = content(connection)
    MentionStore(connection).add("later", [a_mention("x")], oldest=LONG_AGO)
    aside = f"{connection.keys.prefix[:-1]}-before:"

    with staging(connection, store_now(connection)) as staged:
        restore_into(staged, made.path, silent)
        prefix = staged.keys.prefix
        assert take_place(staged, connection, aside)
        assert not take_place(staged, connection, aside), "once"

    old = connection.under(Keyspace(aside))
    assert content(connection) == before
    assert MentionStore(old).history("later", [a_mention("x").post.key]) != []
    assert {int(connection.execute("PTTL", name)) > 0 for name in old.scan(f"{aside}*")} == {True}
    assert has_data(connection)
    assert next(connection.scan(f"{prefix}*"), None) is None
    old.erase()
    old.close()


def test_a_restore_that_was_killed_leaves_nothing_for_long(connection: Connection) -> None:
    now = store_now(connection)
    left = connection.under(Keyspace(f"{connection.keys.prefix[:-1]}-left:"))
    filled(left)
    connection.execute("ZADD", connection.keys.work.prefixes, int(now.timestamp() * 1000), left.keys.prefix)

    assert erase_forgotten(connection, now + timedelta(hours=23)) == []
    assert erase_forgotten(connection, now + timedelta(hours=25)) == [left.keys.prefix]

    assert next(left.scan(f"{left.keys.prefix}*"), None) is None
    left.close()


def test_only_the_newest_daily_backups_stay(tmp_path: Path) -> None:
    names = [f"monitor-202603{day:02}-040000.backup" for day in range(1, 11)]
    for name in [*names, "mine.backup"]:
        (tmp_path / name).touch()

    removed = rotate(tmp_path, 7)

    assert sorted(each.name for each in removed) == names[:3]
    assert names_in(tmp_path) == ["mine.backup", *names[3:]]


def test_a_scratch_copy_that_loads_for_long_says_how_much_it_loads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It has a snapshot and no log, which once ended every backup that took more than an instant to load."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "dump.rdb").write_bytes(b"x" * 3_000_000)

    EmbeddedStore(tmp_path)._tell_of_loading()

    assert "(3 MB)" in caplog.text
