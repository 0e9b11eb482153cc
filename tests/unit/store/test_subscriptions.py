"""Subscriptions: what an update changes and its answer happen once, however often and however late it is repeated."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.models import Incoming, Message
from monitor.store.chats import ChatList
from monitor.store.codec import to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.fsck import check
from monitor.store.outbox import OutboxStore
from monitor.store.people import PeopleStore
from monitor.store.subscriptions import Change, Order, SubscriptionStore
from tests.unit.store.test_outbox import Replaying, dump

CHAT = "-1001"
VERBS = ("subscribe", "unsubscribe", "leave", "return")


def an_update(id_: int, **changes: Any) -> Incoming:
    values = {
        "id": id_,
        "kind": "message",
        "chat": CHAT,
        "chat_type": "supergroup",
        "user": "5",
        "message_id": 100 + id_,
    }
    return Incoming(**(values | changes))


def an_order(id_: int, *changes: Change, answer: str = "", refused: str = "", **update: Any) -> Order:
    message = Message(id=f"reply:{id_}", chat=CHAT, digest_id=f"reply:{id_}", part=0, text=answer) if answer else None
    return Order(CHAT, an_update(id_, **update), message, changes, refused)


@pytest.fixture
def replaying(connection: Connection) -> Iterator[Replaying]:
    connected = Replaying(connection.url, connection.keys)
    yield connected
    connected.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=25),
    times=st.integers(1, 4),
)
def test_scripts_do_the_same_however_often_they_are_replayed(
    replaying: Replaying, steps: list[tuple[int, int, int, bool]], times: int
) -> None:
    replaying.erase()
    replaying.times = times
    store, people = SubscriptionStore(replaying), PeopleStore(replaying)
    people.grant("1", "owner")
    by_update: dict[int, dict[str, Any]] = {}

    for id_, verb, topic, is_refused in steps:
        if id_ in by_update:
            before = dump(replaying)
        change = Change(VERBS[verb], f"t{topic}", verb or None)
        store.apply(an_order(id_, change, answer=f"{verb}", refused=str(topic) if is_refused else ""))
        if id_ in by_update:
            same = {key: value for key, value in dump(replaying).items() if not key.endswith("}:subscribers")}
            assert same == {key: value for key, value in before.items() if not key.endswith("}:subscribers")}
        by_update[id_] = {}
        people.grant(str(topic), "reader", id_) if verb % 2 else people.revoke(str(topic), id_)

    assert check(replaying) == []


def test_a_subscription_and_its_answer_are_one(connection: Connection) -> None:
    store, outbox = SubscriptionStore(connection), OutboxStore(connection)

    outcome = store.apply(an_order(1, Change("subscribe", "pots", 7), answer="Done."))

    assert (outcome.is_new, outcome.is_answered) == (True, True)
    assert [(each.topic, each.thread) for each in store.of(CHAT)] == [("pots", 7)]
    assert store.chats("pots") == [CHAT]
    assert store.chats("pot") == []
    head = outbox.outlook(CHAT).head
    assert head is not None
    assert head.parcel.message.text == "Done."
    assert check(connection) == []


def test_a_late_second_call_changes_nothing_that_came_since(connection: Connection) -> None:
    store, people = SubscriptionStore(connection), PeopleStore(connection)
    store.apply(an_order(1, Change("subscribe", "pots"), answer="first"))
    store.apply(an_order(2, Change("unsubscribe", "pots"), answer="second"))
    people.grant("1", "owner")
    people.grant("5", "reader", 3)
    people.revoke("5", 4)

    late = store.apply(an_order(1, Change("subscribe", "pots"), answer="other words"))

    assert not late.is_new
    assert store.of(CHAT) == []
    found = OutboxStore(connection).find(CHAT, "reply:1")
    assert found is not None
    assert found.parcel.message.text == "first"
    assert people.grant("5", "reader", 3)
    assert people.role_of("5") is None
    assert check(connection) == []


def test_the_last_owner_gets_the_same_answer_again_also_when_it_would_be_another_now(connection: Connection) -> None:
    people = PeopleStore(connection)
    people.grant("1", "owner")
    assert not people.revoke("1", 1)
    people.grant("2", "owner")

    assert not people.revoke("1", 1)
    assert people.revoke("1", 2)
    assert people.all() == {"2": "owner"}


def test_a_persons_message_is_where_the_probe_of_the_answer_begins(connection: Connection) -> None:
    store, outbox = SubscriptionStore(connection), OutboxStore(connection)
    store.apply(an_order(1, answer="x", message_id=41))

    assert outbox.outlook(CHAT).last_id == 41


def test_ids_of_another_address_are_no_beginning(connection: Connection) -> None:
    """After a move of the chat, what is still said at its old id tells nothing about the new one."""
    store, outbox = SubscriptionStore(connection), OutboxStore(connection)
    supergroup = "-1000000001002"
    outbox.move(CHAT, supergroup)

    store.apply(an_order(1, answer="x", message_id=41))
    assert outbox.outlook(CHAT).last_id is None
    store.apply(an_order(2, answer="x", message_id=3, chat=supergroup))
    assert outbox.outlook(CHAT).last_id == 3


@pytest.mark.parametrize(
    ("whom", "told"),
    [("each", [True, False, True]), ("chat", [True, False, False]), ("always", [True, True, True])],
)
def test_refusals_are_told_once_to_each_or_once_to_the_chat(
    connection: Connection, whom: Any, told: list[bool]
) -> None:
    store = SubscriptionStore(connection)

    outcomes = [
        store.apply(an_order(n, answer="no", refused=user)._replace(told=whom))
        for n, user in enumerate(("5", "5", "6"))
    ]

    assert [each.is_answered for each in outcomes] == told
    assert [each.is_first_refusal for each in outcomes] == [True, False, True]


def test_a_chat_without_the_bot_gets_nothing_until_it_is_back(connection: Connection) -> None:
    store, outbox = SubscriptionStore(connection), OutboxStore(connection)
    store.apply(an_order(1, Change("subscribe", "pots"), answer="x"))

    left = store.apply(an_order(2, Change("leave"), kind="membership", message_id=None))

    assert left.episode == outbox.episode(CHAT) == "left 2"
    assert store.find(CHAT, "pots") is None
    store.apply(an_order(3, Change("return"), kind="membership", message_id=None))
    assert store.find(CHAT, "pots") is not None
    assert not store.apply(an_order(2, Change("leave"))).is_new
    assert not store.is_away(CHAT)
    assert outbox.episode(CHAT) == ""


def test_the_index_forgets_who_left_a_day_ago_and_nobody_else(connection: Connection) -> None:
    store = SubscriptionStore(connection)
    for n, chat in enumerate(("1", "2", "3")):
        store.apply(an_order(n, Change("subscribe", "pots"))._replace(chat=chat))
        if chat != "3":
            store.apply(an_order(10 + n, Change("unsubscribe", "pots"))._replace(chat=chat))
    index = connection.keys.work.subscribers
    day_old = int(float(connection.execute("ZSCORE", index, "pots 1"))) - int(
        timedelta(days=2) / timedelta(milliseconds=1)
    )
    connection.execute("ZADD", index, day_old, "pots 1", day_old, "pots 3")

    store.tidy("pots")

    assert store.chats("pots") == ["2", "3"]
    connection.execute("ZREM", index, "pots 3")
    assert any("no digest would find it" in finding for finding in check(connection))


def test_who_subscribes_while_a_topics_list_is_tidied_stays_on_it(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for a subscription and the end of its entry there may be one: no digest came there any more."""
    store, keys, execute = SubscriptionStore(connection), connection.keys, connection.execute
    execute("ZADD", keys.work.subscribers, to_ms(store_now(connection) - timedelta(days=2)), "pots 5")

    def late(*command: Argument) -> Any:
        answer = execute(*command)
        if command[:2] == ("HEXISTS", keys.chat("5").subscriptions):
            monkeypatch.undo()
            update = Incoming(id=1, kind="message", chat="5", chat_type="private", user="5", text="/subscribe pots")
            store.apply(Order("5", update, changes=(Change("subscribe", "pots"),)))
        return answer

    monkeypatch.setattr(connection, "execute", late)
    store.tidy("pots")

    assert [each.topic for each in store.of("5")] == ["pots"]
    assert store.chats("pots") == ["5"]
    assert check(connection) == []


def test_a_chat_is_kept_under_its_first_id(connection: Connection) -> None:
    chats = ChatList(connection)
    chats.move("-5", "-1005")
    chats.move("-6", "-1005")

    assert chats.home("-1005") == "-5"
    assert chats.home("-5") == "-5"
