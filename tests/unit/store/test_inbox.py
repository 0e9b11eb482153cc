"""What people do to the bot is kept once, in order, owners first, and what is too much is left out."""

import itertools
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from monitor.models import Incoming, Job, Lease
from monitor.seams.inbox import NOTHING, Begun, Done
from monitor.store.chats import ChatList
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB, LIMITS, InboxStore, Limits
from monitor.store.people import PeopleStore
from monitor.store.schedule import DueList, LeaseStore

BOT = "7000001"
MINUTE = timedelta(minutes=1)
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)


class Desk:
    """The stores that an update passes."""

    def __init__(self, connection: Connection, limits: Limits = LIMITS) -> None:
        self.connection = connection
        self.inbox = InboxStore(connection, limits)
        self.people = PeopleStore(connection)
        self.due = DueList(connection)
        self.leases = LeaseStore(connection)
        self._numbers = itertools.count(1)

    def take_in(self, updates: Sequence[Incoming], offset: int | None = None) -> tuple[int, int, int]:
        taken = self.inbox.take_in(BOT, updates, offset, None)
        assert taken is not None
        return taken

    def lease(self) -> Lease:
        lease = self.leases.acquire(INBOX_JOB, f"worker {next(self._numbers)}", MINUTE)
        assert lease is not None
        return lease

    def begin(self, lease: Lease, *answered: str, most: int = 1) -> list[Begun]:
        begun = self.inbox.next(lease, Done(answered), f"try {next(self._numbers)}", most)
        assert begun is not None
        return begun

    def drain(self) -> list[Begun]:
        lease, found, answered = self.lease(), [], ()
        while begun := self.begin(lease, *answered):
            found += begun
            answered = tuple(each.id for each in begun)
        assert self.inbox.rest(lease, NOTHING, MINUTE)
        return found


@pytest.fixture
def desk(connection: Connection) -> Desk:
    return Desk(connection)


def command(
    id_: int, user: int | None = 5, *, at: datetime | None = AT, text: str = "/topics", chat: str = ""
) -> Incoming:
    place = chat or str(user)
    kind = "supergroup" if place.startswith("-") else "private"
    return Incoming(
        id=id_,
        kind="message",
        chat=place,
        chat_type=kind,  # type: ignore[arg-type]
        user=None if user is None else str(user),
        text=text,
        at=at,
    )


def ids(found: Iterable[Begun]) -> list[int]:
    return [int(each.id) for each in found]


def test_updates_are_answered_once_and_in_their_order(desk: Desk) -> None:
    first, second = [command(9), command(10)], [command(10), command(11)]

    assert desk.take_in(first, 11) == (2, 0, 0)
    assert desk.take_in(second, 12) == (1, 0, 1)

    assert ids(desk.drain()) == [9, 10, 11]
    assert desk.take_in(second, 12) == (0, 0, 2), "what was answered is known still"
    assert desk.drain() == []
    assert check(desk.connection) == []


def test_an_update_is_read_as_it_came_and_nothing_of_it_stays(desk: Desk) -> None:
    told = command(9, text="/start 砸锅卖铁 secret-token")
    desk.take_in([told], 10)

    (found,) = desk.drain()

    assert found.update == told
    assert not found.is_left_out
    for key in desk.connection.scan(f"{desk.connection.keys.prefix}*"):
        dumped = desk.connection.execute("DUMP", key)
        assert dumped is None or b"secret" not in dumped, key


def test_what_comes_in_makes_the_job_due_now(desk: Desk) -> None:
    desk.due.sync({INBOX_JOB: MINUTE})
    assert desk.due.take(5) == []

    desk.take_in([command(9)], 10)

    assert desk.due.take(5) == [INBOX_JOB]


def test_an_update_that_comes_while_the_last_one_is_answered_is_not_overlooked(desk: Desk) -> None:
    desk.due.sync({INBOX_JOB: timedelta(0)})
    desk.take_in([command(9)], 10)
    lease = desk.lease()
    (begun,) = desk.begin(lease)
    assert desk.begin(lease, begun.id) == []
    desk.take_in([command(10)], 11)

    assert desk.inbox.rest(lease, Done((begun.id,)), timedelta(0))

    assert desk.due.take(5) == [INBOX_JOB]
    assert ids(desk.drain()) == [10]
    assert desk.due.take(5) == [], "an empty inbox rests"


def test_who_lost_the_lease_ends_nothing(desk: Desk) -> None:
    desk.take_in([command(9), command(10)], 11)
    frozen = desk.leases.acquire(INBOX_JOB, "frozen", timedelta(milliseconds=1))
    assert frozen is not None
    (begun,) = desk.begin(frozen)
    threading.Event().wait(0.005)
    following = desk.lease()

    assert desk.inbox.next(frozen, Done((begun.id,)), "late", 1) is None
    assert not desk.inbox.rest(frozen, Done((begun.id,)), MINUTE)
    assert not desk.inbox.excuse(frozen, [begun.id], "late")
    (again,) = desk.begin(following)
    assert (again.id, again.tries) == (begun.id, 2)


def test_tries_are_counted_before_the_work_and_a_repeated_command_counts_once(desk: Desk) -> None:
    desk.take_in([command(9)], 10)
    lease = desk.lease()

    counts = [desk.inbox.next(lease, NOTHING, name, 5) for name in ("a", "a", "b", "c", "c")]

    assert [each.tries for (each,) in filter(None, counts)] == [1, 1, 2, 3, 3]
    for _ in range(3):
        assert desk.inbox.excuse(lease, ["9"], "c")
    (fourth,) = desk.inbox.next(lease, NOTHING, "d", 5) or ()
    assert (fourth.tries, fourth.excused) == (4, 1)


def test_what_was_begun_with_one_that_killed_its_worker_comes_alone(desk: Desk) -> None:
    desk.take_in([command(n) for n in (9, 10, 11, 12)], 13)
    lease = desk.lease()

    assert ids(desk.begin(lease, most=3)) == [9, 10, 11]
    desk.take_in([command(13)], 14)
    alone = [desk.begin(lease, *answered, most=3) for answered in ((), ("9",), ("10",))]
    rest = desk.begin(lease, "11", most=3)

    assert [(ids(each), each[0].tries) for each in alone] == [([9], 2), ([10], 2), ([11], 2)]
    assert [(int(each.id), each.tries) for each in rest] == [(12, 1), (13, 1)]


def test_the_same_try_again_begins_the_same_updates(desk: Desk) -> None:
    """Its answer was lost; what comes in meanwhile may be begun with them, and what was tried before not."""
    desk.take_in([command(n) for n in (9, 10, 11)], 12)
    lease = desk.lease()
    desk.inbox.next(lease, NOTHING, "a", 1)
    assert desk.inbox.rest(lease, Done(("9",)), timedelta(0))
    lease = desk.lease()

    found = [desk.inbox.next(lease, NOTHING, name, 2) or [] for name in ("b", "b", "c", "c")]

    assert [ids(each) for each in found] == [[10, 11], [10, 11], [10], [10]]
    assert [each[0].tries for each in found] == [1, 1, 2, 2]


def test_chats_are_woken_with_the_step_that_forgets_their_updates(desk: Desk) -> None:
    desk.due.sync({Job("deliver", "5"): MINUTE, Job("deliver", "6"): MINUTE})
    desk.take_in([command(9), command(10)], 11)
    lease = desk.lease()
    desk.begin(lease, most=2)

    desk.inbox.next(lease, Done(("9",), {"5": "reply:9"}), "b", 2)
    assert [job.subject for job in desk.due.take(5)] == ["5"]
    assert desk.inbox.rest(lease, Done(("10",), {"6": "reply:10", "5": "reply:9"}), MINUTE)

    assert [job.subject for job in desk.due.take(5)] == ["6"], "and nobody is woken twice for the same"
    assert ChatList(desk.connection).token("5") == "reply:9"


def test_owners_do_not_wait_behind_the_others(desk: Desk) -> None:
    desk.people.grant("1", "owner")
    desk.people.grant("2", "reader")

    desk.take_in([command(9, 5), command(10, 2), command(11, 5), command(12, 1), command(13, 1)], 14)

    assert ids(desk.drain()) == [12, 13, 10, 9, 11]


def test_what_became_of_a_chat_is_not_overtaken_by_what_is_asked_there_since(desk: Desk) -> None:
    """A stranger puts the bot out, an owner lets it in and asks; a group moves, and an owner asks under its new id."""
    desk.people.grant("1", "owner")
    kicked = replace(command(9, 5, chat="-100"), kind="membership", status="kicked")
    let_in = replace(command(10, 1, chat="-100"), kind="membership", status="member")
    moved = replace(command(12, None, chat="-100"), kind="moved", moved_to="-200")

    desk.take_in([kicked, let_in, command(11, 1, chat="-100"), moved, command(13, 1, chat="-200")], 14)

    assert ids(desk.drain()) == [9, 10, 11, 12, 13]


def test_strangers_who_come_and_go_do_not_fill_the_inbox(desk: Desk) -> None:
    found = [replace(command(n, 1000 + n, chat=f"-{n + 1}"), kind="membership", status="left") for n in range(100)]

    assert desk.take_in(found) == (60, 40, 0)


def test_a_person_may_send_twenty_a_minute_of_telegrams_time(desk: Desk) -> None:
    desk.people.grant("2", "reader")
    now = [command(n, 2, at=AT + timedelta(seconds=n / 10)) for n in range(100)]
    over_a_day = [command(1000 + n, 2, at=AT + timedelta(hours=1, seconds=4 * n)) for n in range(200)]

    assert desk.take_in(now) == (20, 80, 0)
    assert desk.take_in(over_a_day) == (200, 0, 0), "a backlog of honest commands is taken whole"
    assert desk.take_in(now) == (0, 0, 100)
    found = desk.drain()
    assert [each.id for each in found if each.is_left_out] == ["20"]
    assert len(found) == 221
    assert check(desk.connection) == []


def test_a_stranger_may_send_less_and_is_told_once_an_hour(desk: Desk) -> None:
    minutes = [command(100 * m + n, 5, at=AT + m * MINUTE) for m in range(5) for n in range(10)]

    assert desk.take_in(minutes) == (25, 25, 0)
    assert [each.id for each in desk.drain() if each.is_left_out] == ["5"]


def test_who_writes_in_a_group_is_not_told_before_all(desk: Desk) -> None:
    desk.take_in([command(n, 5, chat="-100") for n in range(10)])

    assert [each for each in desk.drain() if each.is_left_out] == []


def test_a_group_may_send_forty_a_minute_whoever_writes(desk: Desk) -> None:
    for user in range(50):
        desk.people.grant(str(100 + user), "reader")

    assert desk.take_in([command(n, 100 + n, chat="-100") for n in range(50)]) == (40, 10, 0)
    assert desk.take_in([command(100 + n, 100 + n) for n in range(50)]) == (50, 0, 0), (
        "but not of the same people alone"
    )


def test_administrators_who_hide_are_strangers(desk: Desk) -> None:
    found = desk.take_in([command(n, None, chat=f"-{n + 1}") for n in range(100)])

    assert found == (60, 40, 0)


def test_all_strangers_together_may_send_sixty_a_minute_and_an_invited_one_is_none(desk: Desk) -> None:
    token = desk.people.issue("owner", MINUTE)
    desk.take_in([command(n, 1000 + n) for n in range(100)])

    assert desk.take_in([command(200, 7), command(201, 8, text=f"/start {token}")]) == (1, 1, 0)
    assert ids(desk.drain())[0] == 201


def test_the_inbox_has_a_size_and_owners_are_let_in(connection: Connection) -> None:
    desk = Desk(connection, Limits(waiting=10, waiting_of_strangers=4))
    desk.people.grant("1", "owner")
    for user in range(2, 20):
        desk.people.grant(str(user), "reader")

    assert desk.take_in([command(n, 100 + n) for n in range(6)]) == (4, 2, 0)
    assert desk.take_in([command(20 + n, 2 + n) for n in range(10)]) == (6, 4, 0)
    assert desk.take_in([command(40, 1)]) == (1, 0, 0)
    assert desk.inbox.waiting() == 11


def test_the_offset_is_kept_and_forgotten_after_six_days(desk: Desk) -> None:
    assert desk.inbox.offset(BOT) is None
    desk.take_in([command(500)], 501)
    assert desk.inbox.offset(BOT) == 501

    # The store's clock cannot be turned, so what it wrote is.
    keys = desk.connection.keys.work
    at = int(desk.connection.execute("HGET", keys.inbox_state, "at"))
    desk.connection.execute(
        "HSET", keys.inbox_state, "at", at - int(timedelta(days=6, seconds=1).total_seconds() * 1000)
    )

    assert desk.inbox.offset(BOT) is None


def test_a_smaller_id_after_a_quiet_week_is_new(desk: Desk) -> None:
    desk.take_in([command(500)], 501)

    assert desk.take_in([command(7)], 8) == (1, 0, 0)
    assert desk.inbox.offset(BOT) == 8


def test_ids_that_come_again_after_six_days_are_new(desk: Desk) -> None:
    desk.take_in([command(500)], 501)
    desk.drain()
    keys = desk.connection.keys.work
    desk.connection.execute(
        "ZINCRBY", keys.inbox_known, -int(timedelta(days=6, seconds=1).total_seconds() * 1000), "500"
    )

    assert desk.take_in([command(500)], 501) == (1, 0, 0)


def test_another_bot_counts_anew(desk: Desk) -> None:
    desk.take_in([command(500)], 501)
    desk.drain()

    assert desk.inbox.offset("8000002") is None
    taken = desk.inbox.take_in("8000002", [command(500)], 501, None)
    assert taken == (1, 0, 0)
    assert desk.inbox.offset(BOT) is None


def test_a_poller_that_was_frozen_takes_nothing_in(desk: Desk) -> None:
    lease = desk.lease()
    desk.leases.release(lease)
    desk.lease()

    assert desk.inbox.take_in(BOT, [command(9)], 10, lease) is None
    assert desk.inbox.waiting() == 0
    assert desk.inbox.offset(BOT) is None


def test_what_asks_for_nothing_only_moves_the_offset(desk: Desk) -> None:
    other = Incoming(id=9, kind="other", chat="", chat_type="private")

    assert desk.take_in([other], 10) == (0, 0, 0)
    assert desk.inbox.offset(BOT) == 10
    assert desk.drain() == []


def test_a_record_that_cannot_be_read_does_not_stop_the_queue(desk: Desk) -> None:
    desk.take_in([command(9), command(10)], 11)
    desk.connection.execute("HSET", desk.connection.keys.work.inbox, "9", b".\xc1")

    found = desk.drain()

    assert [each.update for each in found] == [None, command(10)]
