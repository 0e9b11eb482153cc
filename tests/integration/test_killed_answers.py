"""A worker dies at any command to the store, before or after it took effect, and another answers the update again."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.models import Role
from monitor.store.connection import Connection
from tests.build import a_topic
from tests.integration.access import VICTIM, Tried, subscribe
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import User

POTS = a_topic(name="smash-pots", title="砸锅卖铁")
MOST_COMMANDS = 60


class Killed(BaseException):
    """Ends a worker as SIGKILL does: nothing of it runs any more."""


class Deadly:
    """Counts commands to a store, and dies before or after one of them."""

    def __init__(self, connection: Connection, patch: pytest.MonkeyPatch) -> None:
        self._left: int | None = None
        self._after = False
        self.is_done = False
        for name in ("run", "execute"):
            patch.setattr(connection, name, self._wrapped(getattr(connection, name)))

    def arm(self, number: int, *, after: bool) -> None:
        self._left, self._after, self.is_done = number, after, False

    def disarm(self) -> None:
        self._left = None

    def _wrapped(self, call: Any) -> Any:
        def called(*args: Any) -> Any:
            if self._left is None:
                return call(*args)
            self._left -= 1
            if self._left >= 0:
                return call(*args)
            self._left, self.is_done = None, True
            if self._after:
                call(*args)
            raise Killed

        return called


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        made.follow(POTS)
        made.monitor.people.grant("1", "owner")
        yield made


CASES: dict[str, tuple[Role | None, str, dict[str, Any]]] = {
    "subscribe": ("reader", "/subscribe smash-pots", {}),
    "unsubscribe": ("reader", "/unsubscribe", {}),
    "menu": ("reader", "/subscribe", {}),
    "recent": ("reader", "/recent", {}),
    "stranger": (None, "/start", {}),
    "invitation": (None, "/start {token}", {}),
    "invite": ("owner", "/invite reader", {}),
    "grant": ("owner", f"/grant {VICTIM} editor", {}),
    "revoke": ("owner", f"/revoke {VICTIM}", {}),
    "kicked": ("reader", "", {"kind": "membership", "status": "kicked", "message_id": None}),
    "back": ("reader", "", {"kind": "membership", "status": "member", "message_id": None}),
}


def prepared(room: Room, name: str) -> tuple[User, str]:
    """Return a person for whom the case can happen, and what they write."""
    role, text, _ = CASES[name]
    user = room.person("Somebody", role)
    keys = room.monitor.connection.keys
    room.monitor.connection.execute("DEL", keys.work.tokens)
    if name in ("unsubscribe", "kicked", "back"):
        subscribe(Tried(room, str(user.id)))
    if name == "back":
        room.tell(room.update(user, "", kind="membership", status="kicked", message_id=None))
    if name == "revoke":
        room.monitor.people.grant(VICTIM, "reader")
    if name == "grant":
        room.monitor.people.revoke(VICTIM)
    return user, text.format(token=room.monitor.people.issue("reader", timedelta(days=1))) if "{" in text else text


def outcome(room: Room, user: User, update_id: int) -> dict[str, Any]:
    """Return what an update left, without what is another's each time."""
    chat = str(user.id)
    found = room.monitor.outbox.find(chat, f"reply:{update_id}")
    said = "" if found is None else re.sub(r"start=\S+", "start=…", found.parcel.message.text)
    notices = room.monitor.outbox.untold("1")
    tried = Tried(room, chat)
    return {
        "said": said.replace(chat, "{user}"),
        "queued": len(queue(room, chat)),
        "is_woken": chat in room.monitor.chats.all(),
        "subscribed": tried.is_subscribed,
        "away": room.monitor.subscriptions.is_away(chat),
        "role": room.monitor.people.role_of(chat),
        "victim": tried.role,
        "invitations": tried.invitations,
        "owner": len([each for each in queue(room, "1") if chat in each]),
        "untold": notices,
    }


def queue(room: Room, chat: str) -> list[str]:
    key = room.monitor.connection.keys.chat(chat).queue
    return [each.decode() for each in room.monitor.connection.execute("ZRANGE", key, 0, -1)]


@pytest.mark.parametrize("name", CASES)
def test_an_update_whose_worker_died_leaves_what_it_would_have_left(
    room: Room, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, text = prepared(room, name)
    update = room.update(user, text, **CASES[name][2])
    room.tell(update)
    expected = outcome(room, user, update.id)
    deadly = Deadly(room.monitor.connection, monkeypatch)
    deaths = 0

    for number in range(MOST_COMMANDS):
        for after in (False, True):
            user, text = prepared(room, name)
            update = room.update(user, text, **CASES[name][2])
            deadly.arm(number, after=after)
            try:
                room.tell(update)
            except Killed:
                deaths += 1
            deadly.disarm()
            for _ in range(2):
                room.tell(update)
            assert outcome(room, user, update.id) == expected, f"killed {'after' if after else 'before'} {number}"
        if not deadly.is_done:
            break

    assert not deadly.is_done, "every command was a death once"
    assert deaths >= 4
