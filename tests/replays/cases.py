"""Every script of the store, and how it is replayed."""

import random
from collections.abc import Callable, Mapping
from typing import TypeAlias

from monitor.store.connection import READING_SCRIPTS
from tests.replays import chats, inbox, people, repairs, topics, work
from tests.replays.replayer import Call, Replayer

Generator: TypeAlias = Callable[[random.Random, Replayer], Call]

CASES: Mapping[str, Generator] = {
    "acquire": work.acquire,
    "add": topics.add,
    "admit": work.admit,
    "apply": people.apply,
    "adopt": work.adopt,
    "advance": work.advance,
    "amend": repairs.amend,
    "appoint": people.appoint,
    "begin": work.begin,
    "bury": work.bury,
    "claim": chats.claim,
    "clear": chats.clear,
    "earliest": topics.earliest,
    "end_subscription": people.end_subscription,
    "draw": work.draw,
    "drop": repairs.drop,
    "end_topic": topics.end_topic,
    "unlist": people.unlist,
    "excuse": inbox.excuse,
    "corrected": repairs.corrected,
    "finish": work.finish,
    "forget": chats.forget,
    "forget_chat": chats.forget_chat,
    "hand_over": chats.hand_over,
    "heed": work.heed,
    "hourly": topics.hourly,
    "intake": inbox.intake,
    "issue": people.issue,
    "keep": chats.keep,
    "move": chats.move,
    "next_updates": inbox.next_updates,
    "note_looks": work.note_looks,
    "prune": topics.prune,
    "quarantine": people.quarantine,
    "redeem": people.redeem,
    "release": people.release,
    "renew": work.renew,
    "resend": repairs.resend,
    "replace": people.replace,
    "rest": work.rest,
    "rest_inbox": inbox.rest_inbox,
    "revise": repairs.revise,
    "set_back": work.set_back,
    "settle": chats.settle,
    "sight": work.sight,
    "surveyed": repairs.surveyed,
    "swap": repairs.swap,
    "sync": work.sync,
    "take": work.take,
    "topics": work.topics,
    "unkeep": repairs.unkeep,
    "wake": work.wake,
    "withdraw": topics.withdraw,
}
"""By the name of the script. A generator prepares one random state and returns the call that runs the script on it."""

READ_ONLY = READING_SCRIPTS
"""Scripts that change nothing at all; every other must do something on some of its states, or nothing was tried."""

LEAST_ACTED = 0.1
"""The share of the wanted states on which a script must have changed something: refusals alone prove little."""

MOST_IDLE = 6
"""So many states are made for each that is wanted, at most."""

LATENESS = (0, 0, 1, 40, 900, 31_000)
"""After so many ms a client that heard nothing sends again: at once, after its pauses, after its longest wait."""


def replay(name: str, store: Replayer, seed: int, states: int) -> None:
    """Replay a script one to four times on each of so many random states; what did more is in `store.more`.

    A state on which the product sees no need to run the script is not counted, and further ones are made until the
    script has changed something on enough of them.
    """
    for number in range(states * MOST_IDLE):
        if store.ran[name] >= states and _has_acted(name, store, states):
            return
        draw = random.Random(f"{seed} {name} {number}")
        store.clear()
        call = CASES[name](draw, store)
        # On every second state the clock stands still; on the others it goes on, as it does for a client.
        times = 1 + number // 2 % 4
        lateness = (0,) * times if number % 2 else tuple(sorted(draw.choices(LATENESS, k=times)))
        with store.replaying(lateness):
            call()


def faults_of(name: str, store: Replayer, states: int) -> list[str]:
    """Return a sentence for each promise that a script broke, those about what was tried included."""
    found = [str(each) for each in store.more]
    if store.ran[name] < states:
        found.append(f"{name} was run on {store.ran[name]} of {states} states only")
    if not _has_acted(name, store, states):
        found.append(f"{name} changed something on {store.changed[name]} of {states} states only")
    if name in READ_ONLY and store.changed[name]:
        found.append(f"{name} changed something, and should only read")
    return found


def _has_acted(name: str, store: Replayer, states: int) -> bool:
    return name in READ_ONLY or store.changed[name] >= states * LEAST_ACTED
