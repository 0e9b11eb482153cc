"""An old backup is restored while readers keep what they were sent since: the simulator's ledger judges."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from monitor.duties.upkeep import silent
from monitor.models import Delivery
from monitor.services.desk import Desk
from monitor.store.backup import back_up
from monitor.store.codec import encode
from monitor.store.connection import Connection, store_now
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.restore import restore_into
from tests.integration.couriers import a_desk, a_sink, drain, parcels
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_faults import Fault, Order

pytestmark = pytest.mark.chaos

GAP = 20


class Life:
    """One store after another that speaks to the same readers: before the restore, and after it."""

    def __init__(self, connection: Connection, telegram: Simulator, folder: Path) -> None:
        self.telegram = telegram
        self.sink = a_sink(telegram.url, TOKEN)
        self.file = folder / "old.backup"
        self.connection = connection
        self.desk: Desk = a_desk(connection, self.sink)

    def back_up(self) -> None:
        back_up(self.connection, self.file, None, silent)

    def restore(self) -> None:
        """Go on from the backup; what was written since is lost."""
        self.connection = self.connection.under(Keyspace(f"test-{uuid.uuid4().hex[:8]}:"))
        restored = restore_into(self.connection, self.file, silent)
        assert restored.findings == []
        self.desk = a_desk(self.connection, self.sink)

    def tell(self, chat: str, digest: str, text: str = "", parts: int = 1) -> None:
        """Hand over a digest of a window that ended before now."""
        made = [
            replace(each, message=replace(each.message, text=each.message.text + text))
            for each in parcels(chat, digest, parts)
        ]
        self.desk.outbox.hand_over(chat, made, told_by=store_now(self.connection) - timedelta(hours=1))

    def drain(self, *chats: str) -> None:
        drain(self.desk, self.connection, chats)

    def state(self, chat: str, message: str) -> Delivery:
        found = self.desk.outbox.find(chat, message)
        assert found is not None
        return found.delivery

    def shown(self, chat: str, digest: str) -> int:
        """Return how many visible messages are of a digest, whatever else they say."""
        texts = [each.text for each in self.telegram.state.ledger.visible(int(chat))]
        return sum(f"digest {digest} part 0" in text for text in texts)


@pytest.fixture
def life(connection: Connection, telegram: Simulator, tmp_path: Path) -> Iterator[Life]:
    lived = Life(connection, telegram, tmp_path)
    yield lived
    lived.sink.close()
    if lived.connection is not connection:
        lived.connection.erase()
        lived.connection.close()


def a_channel(life: Life) -> str:
    chat = str(life.telegram.state.world.add_chat("channel", "Digests").id)
    life.tell(chat, "anchor")
    life.drain(chat)
    return chat


def test_what_was_told_since_the_backup_is_not_told_again(life: Life) -> None:
    chat = a_channel(life)
    life.back_up()
    for n in range(GAP):
        life.tell(chat, f"d{n}")
    life.drain(chat)

    life.restore()
    for n in range(GAP):
        life.tell(chat, f"d{n}", text=" (other reactions by now)")
    life.tell(chat, "new")
    life.drain(chat)

    assert [life.shown(chat, f"d{n}") for n in range(GAP)] == [1] * GAP
    assert all(life.state(chat, f"d{n}-0").is_held for n in range(GAP)), (
        "held and counted: nobody can tell which is which"
    )
    edits = life.telegram.state.faults.calls["editMessageText"]
    assert edits == 0, "nothing that readers have is written over"
    assert check(life.connection) == []


def test_what_was_told_before_an_earlier_restore_is_not_told_again(life: Life) -> None:
    chat = a_channel(life)
    life.back_up()
    life.tell(chat, "told")
    life.drain(chat)
    life.restore()
    life.desk.outbox.hand_over(chat, parcels(chat, "new"))
    life.drain(chat)
    life.back_up()

    life.restore()
    life.tell(chat, "told", text=" (other reactions by now)")
    life.drain(chat)

    assert [life.shown(chat, name) for name in ("told", "new")] == [1, 1]
    assert life.state(chat, "told-0").is_held
    assert check(life.connection) == []


def test_a_part_whose_digest_was_given_up_is_not_looked_for_among_what_was_sent_since(life: Life) -> None:
    chat = a_channel(life)
    life.tell(chat, "refused", parts=2)
    keys = life.connection.keys.chat(chat)
    given_up = replace(life.state(chat, "refused-0"), state="dead", reason="its text")
    life.connection.execute("HSET", keys.outbox, "refused-0", encode(given_up))
    life.connection.execute("ZREM", keys.queue, "refused-0")
    life.connection.execute("ZADD", keys.undelivered, 0, "refused-0")
    life.connection.execute("HDEL", keys.claims, *map(str, parcels(chat, "refused", 2)[0].posts))
    life.back_up()
    life.tell(chat, "later")
    life.drain(chat)

    life.restore()
    life.drain(chat)

    assert life.shown(chat, "later") == 1
    assert life.state(chat, "refused-1").state == "dead"


def test_the_first_digest_of_a_chat_that_the_backup_does_not_know_is_not_told_again(life: Life) -> None:
    chat = str(life.telegram.state.world.add_chat("channel", "Digests").id)
    life.back_up()
    life.tell(chat, "first")
    life.drain(chat)

    life.restore()
    life.tell(chat, "first", text=" (other reactions by now)")
    life.desk.outbox.hand_over(chat, parcels(chat, "new"), told_by=store_now(life.connection))
    life.drain(chat)

    assert [life.shown(chat, name) for name in ("first", "new")] == [1, 1]
    assert life.state(chat, "first-0").is_held
    assert check(life.connection) == []


def test_a_chat_whose_messages_had_ended_in_the_backup_is_told_once(life: Life) -> None:
    told, other = a_channel(life), a_channel(life)
    for chat in (told, other):
        assert life.desk.outbox.prune(chat, store_now(life.connection) + timedelta(hours=1)) == 1
    life.back_up()
    life.tell(told, "first")
    life.drain(told)

    life.restore()
    for chat in (told, other):
        life.tell(chat, "first", text=" (other reactions by now)")
    life.drain(told, other)

    assert [life.shown(chat, "first") for chat in (told, other)] == [1, 1]
    assert life.state(told, "first-0").is_held
    assert check(life.connection) == []


def test_what_was_not_told_since_the_backup_is_told(life: Life) -> None:
    chat = a_channel(life)
    life.back_up()

    life.restore()
    for n in range(GAP):
        life.tell(chat, f"d{n}")
    life.drain(chat)

    assert [life.shown(chat, f"d{n}") for n in range(GAP)] == [1] * GAP
    assert check(life.connection) == []


def test_what_waited_in_the_backup_is_found_where_it_was_sent_since(life: Life) -> None:
    chat = a_channel(life)
    for n in range(3):
        life.tell(chat, f"w{n}", parts=2)
    life.back_up()
    life.drain(chat)
    life.tell(chat, "later")
    life.drain(chat)

    life.restore()
    life.tell(chat, "later", text=" (other reactions by now)")
    life.drain(chat)

    assert [life.shown(chat, name) for name in ("w0", "w1", "w2", "later")] == [1, 1, 1, 1]
    assert [life.state(chat, f"w{n}-{part}").state for n in range(3) for part in range(2)] == ["sent"] * 6
    assert life.state(chat, "later-0").is_held
    assert check(life.connection) == []


def test_what_waited_in_the_backup_and_was_never_sent_is_sent(life: Life) -> None:
    chat = a_channel(life)
    for n in range(3):
        life.tell(chat, f"w{n}", parts=2)
    life.back_up()

    life.restore()
    life.drain(chat)

    assert [life.shown(chat, f"w{n}") for n in range(3)] == [1, 1, 1]
    assert [each.text for each in life.telegram.state.ledger.visible(int(chat))][1:] == [
        part.message.text for n in range(3) for part in parcels(chat, f"w{n}", 2)
    ]


def test_a_lost_answer_after_a_restore_writes_over_nothing_that_was_sent_before_it(life: Life) -> None:
    chat = a_channel(life)
    life.back_up()
    for n in range(3):
        life.tell(chat, f"d{n}")
    life.drain(chat)
    life.restore()
    calls = life.telegram.state.faults.calls["sendMessage"]
    life.telegram.state.faults.add(Order(Fault("hang_up_before"), "sendMessage", calls=frozenset({calls + 1})))

    life.desk.outbox.hand_over(chat, parcels(chat, "new"))
    life.drain(chat)

    assert [life.shown(chat, name) for name in ("d0", "d1", "d2", "new")] == [1, 1, 1, 1]


def test_in_a_private_chat_nothing_is_proved_so_nothing_old_is_sent(life: Life) -> None:
    user = life.telegram.state.world.add_user("Reader")
    life.telegram.people.start(user)
    chat = str(user.id)
    life.tell(chat, "anchor")
    life.drain(chat)
    life.back_up()
    life.tell(chat, "d0")
    life.drain(chat)

    life.restore()
    life.tell(chat, "d0", text=" (other reactions by now)")
    life.tell(chat, "d1")
    life.desk.outbox.hand_over(chat, parcels(chat, "new"))
    life.drain(chat)

    assert [life.shown(chat, name) for name in ("d0", "d1", "new")] == [1, 0, 1]
    assert life.state(chat, "d1-0").is_held, "held and counted"
