"""What was told and must be read no more is edited in the chat: the simulator's ledger says what readers see."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from monitor.digests.redaction import GONE
from monitor.models import Parcel, PostKey, Quoted
from monitor.services.courier import deliver
from monitor.services.desk import Desk
from monitor.store.connection import Argument, Connection
from monitor.store.erasure import MessageEraser
from monitor.store.fsck import check
from monitor.store.undelivered import UndeliveredStore, may_be_resent
from tests.integration.couriers import a_channel, drain, parcels
from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_faults import Fault, Order

pytestmark = pytest.mark.parametrize("connection", ["valkey"], indirect=True)


def quoting(chat: str, digest: str) -> Parcel:
    """Return a digest that ends with the words of its first post."""
    (made,) = parcels(chat, digest)
    quoted = Quoted(made.posts[0], len(made.message.text) + 1 - 4, 4)  # the fire takes two units
    return replace(made, message=replace(made.message, quotes=(quoted,)))


def shown(telegram: Simulator, chat: str) -> list[str]:
    return [each.text for each in telegram.state.ledger.visible(int(chat))][1:]


def test_words_that_were_sent_are_edited_once(telegram: Simulator, desk: Desk, connection: Connection) -> None:
    chat = a_channel(telegram, desk, connection)
    made, other = quoting(chat, "d"), quoting(chat, "e")
    desk.outbox.hand_over(chat, [made])
    desk.outbox.hand_over(chat, [other])
    drain(desk, connection, [chat])

    erased = [MessageEraser(connection).erase(made.posts[:1]) for _ in range(2)]
    drain(desk, connection, [chat])

    assert [(each.messages, each.to_edit) for each in erased] == [(1, 1), (0, 0)]
    assert shown(telegram, chat) == [made.message.text[:-4] + GONE, other.message.text]
    assert telegram.state.faults.calls["editMessageText"] == 1
    assert check(connection) == []


def test_words_that_wait_leave_without_them(telegram: Simulator, desk: Desk, connection: Connection) -> None:
    chat = a_channel(telegram, desk, connection)
    made = quoting(chat, "d")
    desk.outbox.hand_over(chat, [made])

    MessageEraser(connection).erase(made.posts[:1])
    drain(desk, connection, [chat])

    assert shown(telegram, chat) == [made.message.text[:-4] + GONE]
    assert telegram.state.faults.calls["editMessageText"] == 0


def test_words_that_may_have_arrived_are_taken_back_where_they_stand(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    made = quoting(chat, "d")
    calls = telegram.state.faults.calls["sendMessage"]
    telegram.state.faults.add(Order(Fault("hang_up_after"), "sendMessage", calls=frozenset({calls + 1})))
    desk.outbox.hand_over(chat, [made])

    deliver(desk, chat, "one look")  # sent, and its answer lost
    MessageEraser(connection).erase(made.posts[:1])
    drain(desk, connection, [chat])

    assert shown(telegram, chat) == [made.message.text[:-4] + GONE]
    assert check(connection) == []


class Hurried(Connection):
    """A connection on whose first change of a message something else comes first."""

    def __init__(self, connection: Connection, first: Callable[[], object]) -> None:
        super().__init__(connection.url, connection.keys)
        self._first = [first]

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        if script == "revise" and self._first:
            self._first.pop()()
        return super().run(script, keys, args)


def test_words_that_leave_while_they_are_taken_back_do_not_stay_in_the_chat(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    """Whoever takes them back saw a message that waits, which nobody need edit; by then it was sent."""
    chat = a_channel(telegram, desk, connection)
    made = quoting(chat, "d")
    desk.outbox.hand_over(chat, [made])

    with Hurried(connection, lambda: deliver(desk, chat, "a sender")) as hurried:
        MessageEraser(hurried).erase(made.posts[:1])
    drain(desk, connection, [chat])

    assert shown(telegram, chat) == [made.message.text[:-4] + GONE]
    assert check(connection) == []


def test_words_of_two_posts_that_are_taken_back_at_once_both_go(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    made = quoting(chat, "d")
    first, second = made.posts
    text = replace(made.message, quotes=(Quoted(first, 3, 6), Quoted(second, 10, 2)))
    desk.outbox.hand_over(chat, [replace(made, message=text)])

    with Hurried(connection, lambda: MessageEraser(connection).erase([second])) as hurried:
        MessageEraser(hurried).erase([first])
    drain(desk, connection, [chat])

    [seen] = shown(telegram, chat)
    assert seen.count(GONE) == 2


def test_a_forgotten_posts_claim_stays_under_another_name(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    made = quoting(chat, "d")
    desk.outbox.hand_over(chat, [made])
    drain(desk, connection, [chat])

    MessageEraser(connection).erase(made.posts[:1], lambda _: PostKey("forgotten", "x1"))

    claims = connection.execute("HGETALL", connection.keys.chat(chat).claims)
    assert str(made.posts[0]).encode() not in claims
    assert b"forgotten:x1" in claims
    assert check(connection) == []


def test_a_digest_that_died_is_sent_whole_when_a_person_says_so(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    calls = telegram.state.faults.calls["sendMessage"]
    telegram.state.faults.add(Order(Fault("forbidden"), "sendMessage", calls=frozenset({calls + 1})))
    parts = parcels(chat, "d", parts=3)
    desk.outbox.hand_over(chat, parts)
    drain(desk, connection, [chat])
    before = shown(telegram, chat)
    store = UndeliveredStore(connection)
    listed = [each.pending.id for each in store.all(chat)]

    stopped = may_be_resent(store.digest(chat, "d-1"))
    assert store.resend(chat, stopped)
    assert not store.resend(chat, stopped), "once"
    drain(desk, connection, [chat])

    assert before == [], "no end without its beginning"
    assert listed == ["d-0", "d-1", "d-2"]
    assert shown(telegram, chat) == [each.message.text for each in parts]
    assert store.all(chat) == []
    assert check(connection) == []


def test_what_is_given_up_frees_its_posts_and_is_listed_no_more(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    parts = parcels(chat, "d", parts=2)
    desk.outbox.hand_over(chat, parts)
    store = UndeliveredStore(connection)

    assert store.drop(chat, store.digest(chat, "d")) == 2
    again = desk.outbox.hand_over(chat, [replace(parcels(chat, "e")[0], posts=parts[0].posts)])
    drain(desk, connection, [chat])

    assert again == frozenset()
    assert shown(telegram, chat) == [parcels(chat, "e")[0].message.text]
    assert store.all() == []
    assert desk.outbox.hand_over(chat, parts) == frozenset(), "known, so it does not come back"
    drain(desk, connection, [chat])
    assert len(shown(telegram, chat)) == 1
    assert check(connection) == []


def test_words_that_are_handed_over_while_others_are_sent_leave_without_what_was_taken_back(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    """A look at a chat began with a look for deletions; what came into the outbox during it was sent as it was."""
    chat, words = a_channel(telegram, desk, connection), MessageEraser(connection)
    made, send = quoting(chat, "composed before"), desk.messenger.send
    desk.outbox.hand_over(chat, parcels(chat, "first"))

    def deleted_meanwhile(parcel: Parcel, address: str, *, is_plain: bool) -> int:
        if parcel.message.id == "first-0":
            words.erase(made.posts[:1])
            desk.outbox.hand_over(chat, [made])
        return send(parcel, address, is_plain=is_plain)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.messenger, "send", deleted_meanwhile)
        words.erase_late(chat)
        deliver(desk._replace(look_again=words.erase_late_in), chat, "one look")

    assert shown(telegram, chat)[1:] == [made.message.text[:-4] + GONE]
    assert telegram.state.faults.calls["editMessageText"] == 0
    assert check(connection) == []
