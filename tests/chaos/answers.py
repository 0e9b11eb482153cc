"""Compares what readers see with what the bot had to say: each answer once, in its order, or held by the outbox.

The ledger of the simulator and a model of the commands judge. The store is asked for two things only: what it holds,
which cannot be seen, and whether it says of roles and subscriptions what the model says.
"""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.store.chats import ChatList
from monitor.store.connection import Connection
from monitor.store.inbox import InboxStore
from monitor.store.outbox import OutboxStore
from monitor.store.people import PeopleStore
from monitor.store.subscriptions import SubscriptionStore
from tests.chaos.askers import Askers, Words
from tests.chaos.oracle import findings, some
from tests.chaos.stage import topic_name
from tests.simulators.telegram_remote import RemoteSimulator
from tests.simulators.telegram_state import BOT

Json = dict[str, dict[str, int]]


class Answers(NamedTuple):
    """Answers that readers see, miss, or see without having asked for them (as one sees a second copy)."""

    seen: int
    missing: list[str]
    surplus: list[str]
    held: int
    wrongly_held: list[str]


def is_answered(connection: Connection, telegram: RemoteSimulator) -> bool:
    """Tell whether nothing waits any more: at Telegram, in the inbox, in any outbox, late looks included."""
    if telegram.do("in_hand")["waiting"] or InboxStore(connection).waiting():
        return False
    keys = [connection.keys.chat(chat) for chat in ChatList(connection).all()]
    return not any(
        int(connection.execute("ZCARD", key)) for each in keys for key in (each.queue, each.extras, each.late)
    )


def seen_answers(connection: Connection, askers: Askers) -> Answers:
    """Return what became of all answers."""
    askers.look()
    found = Answers(0, [], [], 0, [])
    for chat, expected in askers.expected.items():
        shown = [each.text for each in askers.ledger.visible(chat, by=BOT.id)]
        missing, surplus = compared(expected, shown)
        held = len(_held(connection, str(chat)))
        # In a supergroup what stands there can be found, and what does not can be proved not to.
        found.wrongly_held.extend([str(chat)] if held and chat < 0 else [])
        found.missing.extend(f"{chat}: {each}" for each in missing[held:])
        found.surplus.extend(f"{chat}: {each}" for each in surplus)
        found = found._replace(seen=found.seen + len(shown) - len(surplus), held=found.held + held)
    silent = {each.chat for each in askers.ledger.history(by=BOT.id)} - askers.expected.keys()
    found.surplus.extend(f"{chat}: an answer to nothing" for chat in silent)
    return found


def compared(expected: Sequence[Words], shown: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what is missing in a chat, and what is too much, taking what is shown for the next that it can be."""
    missing: list[str] = []
    surplus: list[str] = []
    at = 0
    for text in shown:
        place = next((n for n in range(at, len(expected)) if all(word in text for word in expected[n])), None)
        if place is None:
            surplus.append(text[:60])
        else:
            missing += [expected[n][0] for n in range(at, place)]
            at = place + 1
    return missing + [words[0] for words in expected[at:]], surplus


def broken_answers(connection: Connection, askers: Askers, answers: Answers, report: Json) -> list[str]:
    """Return a sentence for each promise that was broken."""
    offered = len(report["handed_out"])
    unanswered = [each for each in askers.presses if each not in report["answers"]]
    named = {
        "answers missing": answers.missing,
        "answers too many": answers.surplus,
        "chats with answers held where a probe can decide": answers.wrongly_held,
        "presses whose button turns for ever": unanswered,
        "roles that differ from the model": _wrong_roles(connection, askers),
        "chats with other subscriptions than the model": _wrong_subscriptions(connection, askers),
        "requests that no correct product makes": list(report["breaches"]),
    }
    broken = [some(what, which) for what, which in named.items() if which]
    if offered != askers.asked or report["pending_updates"]:
        waiting = len(report["pending_updates"])
        broken.append(f"{askers.asked} updates, of which {offered} were fetched and {waiting} not confirmed")
    return [*broken, *findings(connection)]


def _held(connection: Connection, chat: str) -> list[str]:
    """Return the messages of a chat of which nobody can tell whether they arrived."""
    outbox = OutboxStore(connection)
    undelivered = connection.execute("ZRANGE", connection.keys.chat(chat).undelivered, 0, -1)
    pending = [outbox.find(chat, each.decode()) for each in undelivered]
    return [each.id for each in pending if each is not None and each.delivery.is_held]


def _wrong_roles(connection: Connection, askers: Askers) -> list[str]:
    known = PeopleStore(connection).all()
    return [user for user in known.keys() | askers.roles.keys() if known.get(user) != askers.roles.get(user)]


def _wrong_subscriptions(connection: Connection, askers: Askers) -> list[str]:
    store = SubscriptionStore(connection)
    kept = {place.chat: {each.topic for each in store.of(str(place.chat))} for place in askers.places}
    return [str(chat) for chat, topics in kept.items() if topics != {topic_name(n) for n in askers.subscribed[chat]}]
