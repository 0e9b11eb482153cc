"""F17: every command by every kind of sender in every kind of chat, and buttons that nobody made: none is taken."""

import random
from collections import Counter

from monitor.models import Incoming
from monitor.readers.buttons import Press, Signer
from monitor.store.embedded import EmbeddedStore
from tests.chaos import Figure, Plan, progress
from tests.integration.access import POTS, cells, forgeries, wrong_cells
from tests.integration.room import Room, a_room
from tests.unit.store.test_outbox import dump

NAME = "F17 access"
FORGED, FORGED_IN_SHORT = 100_000, 20_000
PRESSED, PRESSED_IN_SHORT = 4_000, 500
"""Of the forged ones, so many are pressed in the whole product; the others are read as it reads them."""


def measure(plan: Plan) -> Figure:
    """Try everything, and count what was carried out though it should not, and the reverse."""
    forged, pressed = (FORGED, PRESSED) if plan.is_long else (FORGED_IN_SHORT, PRESSED_IN_SHORT)
    home = EmbeddedStore(plan.folder / "store")
    home.attach()
    try:
        with a_room(home.url, plan.folder) as room:
            room.follow(POTS)
            room.monitor.people.grant("1", "owner")
            accepted = accepted_by_pressing(room, plan.seed + 1, pressed)
            progress(NAME, f"{pressed} forged buttons pressed")
            accepted += accepted_by_reading(room, plan.seed, forged)
            tried, wrong = wrong_cells(room, cells())
    finally:
        home.detach()
    broken = (*wrong, *(f"accepted: {kind} × {count}" for kind, count in accepted.items()))
    reached: dict[str, float | int | str] = {"cells": tried, "wrong": len(wrong)}
    reached |= {"forged": forged, "pressed": pressed, "accepted": accepted.total()}
    wanted = f">= 200 cells, 0 wrong; {forged} forged callbacks, 0 accepted"
    return Figure(name=NAME, wanted=wanted, reached=reached, broken=broken[:20])


def accepted_by_reading(room: Room, seed: int, count: int) -> Counter[str]:
    """Read forged presses as the product reads them; count those taken for true, by kind."""
    made = forgeries(room.monitor.signing_key(), random.Random(seed), count)
    return Counter(each.kind for each in made if each.signer.read(each.data, each.now) is not None)


def accepted_by_pressing(room: Room, seed: int, count: int) -> Counter[str]:
    """Press forged buttons, as somebody who may do all; count those that changed anything in the store."""
    accepted: Counter[str] = Counter()
    # What is expired is so by the time of reading, and the room's time stands.
    made = (
        each for each in forgeries(room.monitor.signing_key(), random.Random(seed), count) if each.kind != "expired"
    )
    for each in made:
        accepted[each.kind] += changes_something(room, each.signer.user, each.signer.chat, each.data)
    genuine = Signer(room.monitor.signing_key(), "77", "77")
    if not changes_something(room, "77", "77", genuine.sign(Press("s", POTS.name), room.now)):
        accepted["nothing, not even a genuine one: the test sees nothing"] += 1
    return +accepted


def changes_something(room: Room, user: str, chat: str, data: str) -> bool:
    """Press a button as somebody who may do all, and tell whether the store is another then."""
    room.monitor.people.grant(user, "owner")
    before = dump(room.monitor.connection)
    room.last += 1
    press = Incoming(id=room.last, kind="button", chat=chat, chat_type="private", user=user, text=data, button="1")
    room.tell(press)
    changed = dump(room.monitor.connection) != before
    room.monitor.people.revoke(user)
    return changed
