"""Private chats share the numbers of the bot's account: what is said elsewhere moves them on; no probe gets lost."""

import pytest

from monitor.models import Incoming
from monitor.services.courier import Desk
from monitor.store.account import STEP
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.subscriptions import Order, SubscriptionStore
from tests.integration.couriers import drain, parcels
from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_faults import Fault
from tests.simulators.telegram_faults import Order as Failing

pytestmark = pytest.mark.parametrize("connection", ["valkey"], indirect=True)

MORE_THAN_A_PROBE_SEES = 300


def a_reader(telegram: Simulator, desk: Desk, connection: Connection, name: str) -> str:
    """Return the private chat of somebody who got a message before."""
    user = telegram.state.world.add_user(name)
    telegram.people.start(user)
    desk.outbox.hand_over(str(user.id), parcels(user.id, "anchor"))
    drain(desk, connection, [str(user.id)])
    return str(user.id)


def chatter(telegram: Simulator, connection: Connection, chat: str) -> None:
    """Let somebody write much, of which we hear the last."""
    user = telegram.state.world.users[int(chat)]
    for _ in range(MORE_THAN_A_PROBE_SEES):
        said = telegram.people.say(telegram.people.private(user), user, "/topics")
    heard = Incoming(id=1, kind="message", chat=chat, chat_type="private", user=chat, message_id=said["message_id"])
    SubscriptionStore(connection).apply(Order(chat, heard))


def lose_answers(telegram: Simulator, count: int) -> None:
    first = telegram.state.faults.calls["sendMessage"] + 1
    calls = frozenset(range(first, first + count))
    telegram.state.faults.add(Failing(Fault("hang_up_after"), "sendMessage", calls=calls))


def test_an_answer_that_was_lost_after_much_chatter_elsewhere_is_found_and_nothing_is_written_over(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    anna = a_reader(telegram, desk, connection, "Anna")
    bert = a_reader(telegram, desk, connection, "Bert")
    chatter(telegram, connection, bert)
    lose_answers(telegram, 2)

    # Held though it stood there, the first was written over by the look for the second, which then stood there twice.
    for digest in ("first", "second"):
        desk.outbox.hand_over(anna, parcels(anna, digest))
    drain(desk, connection, [anna])

    shown = [each.text for each in telegram.state.ledger.visible(int(anna), by=telegram.state.world.bot.id)]
    assert shown == [parcels(anna, digest)[0].message.text for digest in ("anchor", "first", "second")]
    found = [desk.outbox.find(anna, f"{digest}-0") for digest in ("first", "second")]
    assert [each.delivery.state for each in found if each is not None] == ["sent", "sent"]
    assert check(connection) == []


def test_what_is_said_elsewhere_moves_a_private_chat_on_and_no_group_that_counts_by_itself(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    anna = a_reader(telegram, desk, connection, "Anna")
    bert = a_reader(telegram, desk, connection, "Bert")
    group = str(telegram.state.world.add_chat("supergroup", "Desk").id)
    desk.outbox.hand_over(group, parcels(group, "d"))
    drain(desk, connection, [group])
    before = desk.outbox.outlook(group).last_id

    chatter(telegram, connection, bert)

    newest = telegram.state.ledger.history(int(bert))[-1].message_id
    begins = desk.outbox.outlook(anna).last_id
    assert begins is not None
    assert newest - STEP < begins <= newest
    assert desk.outbox.outlook(group).last_id == before
