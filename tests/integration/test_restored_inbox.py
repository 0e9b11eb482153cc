"""A backup is restored in which updates waited: people have heard the answers, and the backup does not know it."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bot.clerk import Clerk
from monitor.duties.second_try import try_again
from monitor.duties.upkeep import silent
from monitor.models import Incoming, SetAside
from monitor.store.backup import back_up
from monitor.store.inbox import INBOX_JOB
from monitor.store.restore import restore_into
from tests.build import a_topic
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import Chat, User

BOT = "7000001"
POTS = a_topic(name="smash-pots", title="砸锅卖铁")
NUMBERS = itertools.count(1)


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        made.follow(POTS)
        made.monitor.schedule.sync({INBOX_JOB: timedelta(0)})
        yield made


def write(room: Room, *updates: Incoming) -> None:
    room.monitor.inbox.take_in(BOT, updates, None, None)


def answer_all(room: Room, *chats: Chat | User) -> None:
    """Answer what waits and send the answers, as far as they are sent."""
    lease = room.monitor.leases.acquire(INBOX_JOB, f"worker {next(NUMBERS)}", timedelta(minutes=1))
    assert lease is not None
    Clerk(room.monitor, lease, room.monitor.now()).work()
    room.monitor.leases.release(lease)
    for chat in chats:
        room.deliver(str(chat.id), times=12)


def back_up_room(room: Room, folder: Path) -> Path:
    return back_up(room.monitor.connection, folder / "old.backup", None, silent).path


def restore(room: Room, file: Path) -> None:
    room.monitor.connection.erase()
    assert restore_into(room.monitor.connection, file, silent).findings == []


def test_what_waited_in_a_restored_backup_and_was_answered_since_is_not_answered_again(
    room: Room, tmp_path: Path
) -> None:
    known, owner = room.person("Rita", "reader"), room.person("Olga", "owner")
    group = room.group(owner)
    room.say(known, "/help")
    room.deliver(str(known.id))
    heard = room.seen(known)
    write(room, room.update(known, "/subscribe smash-pots"), room.update(owner, "/help", group, message_id=1))
    file = back_up_room(room, tmp_path)
    answer_all(room, known, group)
    before = room.seen(known), room.seen(group)

    restore(room, file)
    answer_all(room, known, group)

    assert len(before[0]) > len(heard)
    assert before[1]
    assert (room.seen(known), room.seen(group)) == before
    assert [each.topic for each in room.monitor.subscriptions.of(str(known.id))] == ["smash-pots"], "it has its effect"
    assert room.monitor.inbox.waiting() == 0


def test_what_waited_in_a_restored_backup_and_was_not_answered_is_answered_where_that_is_proved(
    room: Room, tmp_path: Path
) -> None:
    owner = room.person("Olga", "owner")
    group = room.group(owner)
    room.say(owner, "/topics", group)
    room.deliver(str(group.id))
    asked = room.update(owner, "/help", group)
    write(room, asked)
    file = back_up_room(room, tmp_path)

    restore(room, file)
    answer_all(room, group)

    assert len(room.seen(group)) == 2
    found = room.monitor.outbox.find(str(group.id), f"reply:{asked.id}")
    assert found is not None
    assert found.delivery.state == "sent"


def test_what_is_asked_after_a_restore_is_answered_at_once(room: Room, tmp_path: Path) -> None:
    reader, stranger = room.person("Rita", "reader"), room.person("Sam")
    restore(room, back_up_room(room, tmp_path))

    write(room, room.update(reader, "/help"), room.update(stranger, "/help"))
    answer_all(room, reader, stranger)

    assert len(room.seen(reader)) == 1
    assert len(room.seen(stranger)) == 1


def test_an_update_of_a_backup_that_was_set_aside_is_answered_when_a_person_asks_for_it(
    room: Room, tmp_path: Path
) -> None:
    reader = room.person("Rita", "reader")
    write(room, room.update(reader, "/help"))
    restore(room, back_up_room(room, tmp_path))
    (record,) = room.monitor.connection.execute("HVALS", room.monitor.connection.keys.work.inbox)
    aside = SetAside(kind="update", id="1", raw=record[1:], reason="a bug", stage="answer", is_deadly=False)
    room.monitor.quarantine.put([aside], str(INBOX_JOB), 3)
    (kept,) = room.monitor.quarantine.all()

    outcome = try_again(room.monitor, kept, room.monitor.now())
    room.deliver(str(reader.id))

    assert outcome.is_done
    assert len(room.seen(reader)) == 1


def test_an_inbox_record_that_cannot_be_read_comes_through_a_restore(room: Room, tmp_path: Path) -> None:
    reader = room.person("Rita", "reader")
    write(room, room.update(reader, "/help"))
    keys = room.monitor.connection.keys.work
    room.monitor.connection.execute("HSET", keys.inbox, "1", b".\xc1")
    file = back_up_room(room, tmp_path)
    room.monitor.connection.erase()

    restored = restore_into(room.monitor.connection, file, silent)
    answer_all(room)

    assert [each for each in restored.findings if "cannot be read" not in each] == []
    (kept,) = room.monitor.quarantine.all()
    assert kept.item.reason == "its record cannot be read"
