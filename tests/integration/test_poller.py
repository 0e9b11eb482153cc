"""Updates of a strict Telegram reach the inbox once, whatever dies, and one process at a time asks for them."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from monitor.bot.poller import POLLER_JOB, Refused, Rivalled
from monitor.models import Incoming, Lease
from monitor.processes.liveness import is_dead, poller_name, space_of_ids
from monitor.seams.inbox import NOTHING, Done, Taken
from monitor.sinks.telegram_line import Account
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB, InboxStore
from monitor.store.people import PeopleStore
from monitor.store.schedule import LeaseStore
from tests.integration.bots import polling
from tests.integration.product import wait_until
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_chats import User
from tests.simulators.telegram_faults import FAULTS, Fault, FaultKind, Order
from tests.simulators.telegram_updates import Webhook

pytestmark = pytest.mark.parametrize("connection", ["valkey"], indirect=True)

MINUTE = timedelta(minutes=1)
SHAPES = [kind for kind in FAULTS if not kind.startswith(("timeout", "forbidden", "migrated", "slow"))]


class Killed(BaseException):
    """Ends a poller as SIGKILL does: nothing of it runs any more."""


class DiesBefore(InboxStore):
    """Dies with updates in its hands."""

    def take_in(self, bot: str, updates: Sequence[Incoming], offset: int | None, lease: Lease | None) -> Taken | None:
        raise Killed


class DiesAfter(InboxStore):
    """Keeps updates, and dies before anybody hears of it."""

    def take_in(self, bot: str, updates: Sequence[Incoming], offset: int | None, lease: Lease | None) -> Taken | None:
        super().take_in(bot, updates, offset, lease)
        raise Killed


@pytest.fixture
def account(telegram: Simulator) -> Account:
    return Account(TOKEN, telegram.url)


@pytest.fixture
def anna(telegram: Simulator, connection: Connection) -> User:
    anna = telegram.state.world.add_user("Anna")
    telegram.people.private(anna).is_started = True
    PeopleStore(connection).grant(str(anna.id), "reader")
    return anna


@pytest.fixture
def say(telegram: Simulator, anna: User) -> Callable[[str], None]:
    def say(text: str) -> None:
        with telegram.lock:
            telegram.people.say(telegram.people.private(anna), anna, text)

    return say


def kept(connection: Connection) -> list[str]:
    """Answer what waits, and return its texts."""
    inbox, leases = InboxStore(connection), LeaseStore(connection)
    lease = leases.acquire(INBOX_JOB, "test", MINUTE)
    assert lease is not None
    found: list[str] = []
    done = NOTHING
    while begun := inbox.next(lease, done, f"try {len(found)}", 5):
        found += [each.update.text for each in begun if each.update is not None]
        done = Done(tuple(each.id for each in begun))
    inbox.rest(lease, done, MINUTE)
    return found


def poll_until_empty(telegram: Simulator, account: Account, connection: Connection) -> None:
    with polling(account, InboxStore(connection), LeaseStore(connection)) as running:
        wait_until(lambda: running.done.is_set() or not telegram.state.updates.pending)
        assert running.ended is None


def test_updates_are_kept_and_then_confirmed(
    telegram: Simulator, account: Account, connection: Connection, say: Callable[[str], None]
) -> None:
    say("/one")
    with polling(account, InboxStore(connection), LeaseStore(connection)):
        wait_until(lambda: not telegram.state.updates.pending)
        say("/two")
        wait_until(lambda: not telegram.state.updates.pending)

    assert kept(connection) == ["/one", "/two"]
    assert check(connection) == []
    assert telegram.state.updates.conflicts == 0


@pytest.mark.parametrize("inbox", [DiesBefore, DiesAfter])
def test_a_kill_before_updates_are_confirmed_loses_none_and_doubles_none(
    inbox: type[InboxStore],
    telegram: Simulator,
    account: Account,
    connection: Connection,
    say: Callable[[str], None],
) -> None:
    for n in range(3):
        say(f"/{n}")
    with polling(account, inbox(connection), LeaseStore(connection)) as first:
        assert first.done.wait(30)
    assert isinstance(first.ended, Killed)
    assert len(telegram.state.updates.pending) == 3

    poll_until_empty(telegram, account, connection)

    assert kept(connection) == ["/0", "/1", "/2"]


def test_one_polls_and_the_other_stands_by_until_the_first_ends(
    telegram: Simulator, account: Account, connection: Connection, say: Callable[[str], None]
) -> None:
    with polling(account, InboxStore(connection), LeaseStore(connection)) as first:
        wait_until(lambda: telegram.state.faults.calls["getUpdates"] > 0)
        with polling(account, InboxStore(connection), LeaseStore(connection)) as second:
            say("/one")
            wait_until(lambda: not telegram.state.updates.pending)
            first.stop()
            say("/two")
            wait_until(lambda: not telegram.state.updates.pending)
            assert not second.done.is_set()

    assert telegram.state.updates.conflicts == 0
    assert kept(connection) == ["/one", "/two"]


def test_whoever_finds_another_installation_polling_gives_up(
    telegram: Simulator, account: Account, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Two stores know nothing of each other's leases; Telegram refuses the one that asked first."""
    elsewhere = connection.under(connection.keys._replace(prefix=f"{connection.keys.prefix}elsewhere-"))
    with polling(account, InboxStore(connection), LeaseStore(connection)) as first:
        wait_until(lambda: telegram.state.faults.calls["getUpdates"] > 0)
        with polling(account, InboxStore(elsewhere), LeaseStore(elsewhere)) as second:
            wait_until(lambda: first.has_given_up or second.has_given_up)
            other = second if first.has_given_up else first
            assert not other.done.is_set()

    loser = first if first.has_given_up else second
    assert isinstance(loser.ended, Rivalled)
    assert "somebody else polls" in str(loser.ended)
    assert TOKEN not in str(loser.ended)
    where = connection if loser is first else elsewhere
    assert LeaseStore(where).acquire(POLLER_JOB, "next", MINUTE) is not None, "the lease was given up"
    elsewhere.close()


def test_a_poller_whose_lease_was_taken_keeps_nothing_and_stands_by(
    telegram: Simulator, account: Account, connection: Connection, say: Callable[[str], None]
) -> None:
    leases = LeaseStore(connection)
    with polling(account, InboxStore(connection), leases) as frozen:
        wait_until(lambda: telegram.state.faults.calls["getUpdates"] > 0)
        # As if it had been frozen for longer than its lease: the lease ends, and another takes it.
        held = connection.execute("HGET", connection.keys.work.leases, str(POLLER_JOB)).decode().split()
        connection.execute("HSET", connection.keys.work.leases, str(POLLER_JOB), f"0 {held[1]} {held[2]}")
        taken = leases.acquire(POLLER_JOB, "another", MINUTE)
        assert taken is not None
        say("/one")
        wait_until(lambda: bool(telegram.state.updates.handed_out))
        assert InboxStore(connection).waiting() == 0
        leases.release(taken)
        wait_until(lambda: not telegram.state.updates.pending)
        assert not frozen.done.is_set()

    assert kept(connection) == ["/one"]


def test_the_lease_of_a_poller_that_was_killed_need_not_be_waited_for(
    telegram: Simulator, account: Account, connection: Connection
) -> None:
    leases = LeaseStore(connection)
    with polling(account, InboxStore(connection), leases):
        wait_until(lambda: telegram.state.faults.calls["getUpdates"] > 0)
        held = connection.execute("HGET", connection.keys.work.leases, str(POLLER_JOB)).decode()
        assert leases.bury(is_dead) == 0, "this process lives"
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    theirs = held.replace(poller_name(os.getpid()), poller_name(process.pid))
    assert theirs != held
    connection.execute("HSET", connection.keys.work.leases, str(POLLER_JOB), theirs)

    assert leases.acquire(POLLER_JOB, "another", MINUTE) is None
    assert leases.bury(is_dead) == (1 if space_of_ids() else 0)
    assert (leases.acquire(POLLER_JOB, "another", MINUTE) is not None) == bool(space_of_ids())


@pytest.mark.parametrize("kind", SHAPES)
def test_no_failure_of_the_network_ends_it_or_loses_an_update(
    kind: FaultKind,
    telegram: Simulator,
    account: Account,
    connection: Connection,
    say: Callable[[str], None],
) -> None:
    telegram.state.faults.add(Order(Fault(kind, seconds=0.1), "getUpdates", calls=frozenset({1})))
    say("/one")

    poll_until_empty(telegram, account, connection)

    assert kept(connection) == ["/one"]


def test_a_webhook_that_was_left_behind_is_given_up_with_all_that_waits(
    telegram: Simulator, account: Account, connection: Connection, say: Callable[[str], None]
) -> None:
    telegram.state.updates.set_webhook(Webhook("http://127.0.0.1:1/nobody"))
    say("/one")

    poll_until_empty(telegram, account, connection)

    assert telegram.state.updates.webhook_info()["url"] == ""
    assert kept(connection) == ["/one"]


def test_a_wrong_token_is_for_a_person_to_mend(telegram: Simulator, connection: Connection) -> None:
    wrong = Account("7000001:wrong", telegram.url)
    with polling(wrong, InboxStore(connection), LeaseStore(connection)) as refused:
        assert refused.done.wait(30)

    assert isinstance(refused.ended, Refused)
    assert "wrong" not in str(refused.ended)
    assert "@BotFather" in str(refused.ended)
