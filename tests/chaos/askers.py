"""People of a simulated Telegram who ask things of the bot, and a model of what each of them must be told.

The model is written anew here, from what the commands promise; it shares no code with the product. What is said in a
chat comes in the order in which it was asked there: everybody who asks in a chat has the same lane of the inbox.
"""

import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.chaos.stage import title_of, topic_name
from tests.simulators.telegram_ledger import Ledger, Shown
from tests.simulators.telegram_remote import RemoteSimulator

TOPICS = 4
VICTIMS = [str(1001 + n) for n in range(10)]
"""People about whose roles owners decide, and who say nothing; their ids come first in a list of all people."""

WINDOW = 91.0
"""Seconds: the product's minute, and half a one in which nobody may have fetched updates. Presses carry no time, so
those of both may count at once."""
MOST: Mapping[str, int] = {"person": 17, "group": 35, "strangers": 25}
"""Updates in a window that are surely taken: the product leaves out what comes faster."""

MOST_INVITATIONS = 120
"""The product knows 200 of a week."""

MENUS = ("Which topic?", "Hello! I follow")
"""How answers begin whose buttons are for the first of a place: there nobody else asks for them."""

Words = tuple[str, ...]
"""What an answer must hold."""


class Size(NamedTuple):
    """How many people write in private, how many groups there are, and how many owners."""

    people: int
    groups: int
    owners: int = 2


class Room(NamedTuple):
    """A chat, and who asks there: the first gets the menus, of which another one may press the buttons in vain."""

    chat: int
    users: tuple[int, ...]
    is_owner: bool = False

    @property
    def is_group(self) -> bool:
        """Return whether others read along."""
        return self.chat < 0


class Offer(NamedTuple):
    """A button that can be pressed."""

    message_id: int
    data: str

    @property
    def action(self) -> str:
        """Return the letter of what it does."""
        return self.data.split(".")[1]

    @property
    def topic(self) -> int:
        """Return the number of the topic on which it does that."""
        return int(self.data.split(".")[2].removeprefix("t"))


class Askers:
    """All who ask, one after the other; `expected` is what each chat must be told, in its order."""

    def __init__(self, telegram: RemoteSimulator, seed: int, size: Size, readers: Path) -> None:
        self._telegram = telegram
        self._chance = random.Random(f"{seed}/askers")
        self._readers = readers
        self._read = 0
        self._behind = 0.0
        self._paces: dict[str, deque[float]] = defaultdict(deque)
        self._offers: dict[int, list[Offer]] = defaultdict(list)
        self._links: list[str] = []
        self._used: list[str] = []
        self._noticed = 0
        self.ledger = Ledger()
        self.expected: dict[int, list[Words]] = defaultdict(list)
        self.subscribed: dict[int, set[int]] = defaultdict(set)
        self.roles: dict[str, str] = {}
        self.presses: list[str] = []
        self.asked = self.invited = 0
        self.places = self._settle(size)

    def _settle(self, size: Size) -> list[Room]:
        """Let everybody be there; owners first."""
        places = []
        for n in range(size.people):
            user = self._person("owner" if n < size.owners else ("reader", "editor")[n % 2])
            places.append(Room(user, (user,), n < size.owners))
        for _ in range(size.groups):
            chat = self._telegram.do("add_chat", kind="supergroup", title="Desk")["id"]
            admins = tuple(self._person(role) for role in ("reader", "editor"))
            for user in admins:
                self._telegram.do("set_member", chat=chat, user=user, status="administrator")
            places.append(Room(chat, admins))
        return places

    def _person(self, role: str | None) -> int:
        user: int = self._telegram.do("add_user", first_name="P")["id"]
        if role is not None:
            self.roles[str(user)] = role
        return user

    def begin(self) -> None:
        """Let everybody who writes in private open that chat."""
        for place in self.places:
            if not place.is_group:
                self._start(place.chat, "", "I follow public discussions", "Pick a topic")

    def live(self, behind: float) -> None:
        """Let it be some seconds ago in Telegram."""
        self._behind = behind
        self._telegram.do("clock", behind=behind)

    def look(self) -> None:
        """See what the bot said since the last look: buttons to press, and links for others."""
        self._read = self.ledger.read_on(self._readers, self._read)
        said = self.ledger.history()
        for each in said[self._noticed :]:
            self._notice(each)
        self._noticed = len(said)

    def _notice(self, shown: Shown) -> None:
        if shown.text.startswith(MENUS):
            rows = shown.message.get("reply_markup", {}).get("inline_keyboard", ())
            self._offers[shown.chat] += [Offer(shown.message_id, each["callback_data"]) for row in rows for each in row]
        _, _, token = shown.text.partition("?start=")
        if token and token not in self._links + self._used:
            self._links.append(token)

    def ask(self) -> bool:
        """Let somebody ask something; False when all of them asked so much that they must wait."""
        if self._chance.random() < 0.03 and self._may("strangers"):
            self._chance.choice((self._stranger, self._invited, self._too_late))()
            return True
        for _ in range(20):
            place = self._chance.choice(self.places)
            user = self._chance.choice(place.users)
            # Menus are asked for by the first of a place, whoever was to ask.
            if not all(self._may("person", each) for each in {user, place.users[0]}):
                continue
            if place.is_group and not self._may("group", place.chat):
                continue
            ways = OWNERS if place.is_owner and self._chance.random() < 0.5 else GROUPS if place.is_group else PRIVATE
            self._chance.choices(list(ways), list(ways.values()))[0](self, place, user)
            return True
        return False

    def conclude(self) -> None:
        """Let every chat be told what comes there, and an owner who may do what."""
        for place in self.places:
            self._list(place, place.users[0])
        self._people(self.places[0], self.places[0].users[0])

    def _may(self, kind: str, who: int = 0) -> bool:
        now = time.time() - self._behind
        pace = self._paces[f"{kind} {who}"]
        while pace and pace[0] < now - WINDOW:
            pace.popleft()
        if len(pace) >= MOST[kind]:
            return False
        pace.append(now)
        return True

    def _say(self, place: Room, user: int, text: str, *words: str) -> None:
        self._telegram.do("say", chat=place.chat, user=user, text=text)
        self._expect(place.chat, *words)

    def _start(self, user: int, payload: str, *words: str) -> None:
        self._telegram.do("start", user=user, payload=payload)
        self._expect(user, *words)

    def _expect(self, chat: int, *words: str) -> None:
        """Count an update, and what is to be said; no words: nothing."""
        self.asked += 1
        if words:
            self.expected[chat].append(words)

    def _topic(self) -> tuple[int, str]:
        """Return a topic, and one of its names."""
        number = self._chance.randrange(TOPICS)
        return number, self._chance.choice((topic_name(number), title_of(number)))

    def _subscribe(self, place: Room, user: int) -> None:
        number, name = self._topic()
        self._say(place, user, f"/subscribe {name}", *self._subscribed(place.chat, number))

    def _subscribed(self, chat: int, number: int) -> Words:
        if number in self.subscribed[chat]:
            return (f"The digest on {title_of(number)} comes here already",)
        self.subscribed[chat].add(number)
        return (f"Done. The digest on {title_of(number)} comes here", f"/unsubscribe {topic_name(number)}")

    def _unsubscribe(self, place: Room, user: int) -> None:
        number, name = self._topic()
        self._say(place, user, f"/unsubscribe {name}", *self._unsubscribed(place.chat, number))

    def _unsubscribed(self, chat: int, number: int) -> Words:
        here = self.subscribed[chat]
        if not here:
            return ("No digest comes here.",)
        if number not in here:
            return (f"The digest on {title_of(number)} does not come here.",)
        here.remove(number)
        return (f"Done. No more digests on {title_of(number)} here.",)

    def _end_the_only_one(self, place: Room, user: int) -> None:
        here = self.subscribed[place.chat]
        words = ("Which topic?",) if len(here) > 1 else self._unsubscribed(place.chat, min(here, default=0))
        self._say(place, self._reader_of_menus(place, user, len(here) > 1), "/unsubscribe", *words)

    def _menu(self, place: Room, user: int) -> None:
        del user
        self._say(place, place.users[0], "/subscribe", "Which topic?")

    @staticmethod
    def _reader_of_menus(place: Room, user: int, has_menu: bool) -> int:
        return place.users[0] if has_menu else user

    def _press(self, place: Room, user: int) -> None:
        if not self._offers[place.chat]:
            return self._menu(place, user)
        offer = self._chance.choice(self._offers[place.chat])
        words: Words = ()
        if user == place.users[0]:
            words = (self._subscribed if offer.action == "s" else self._unsubscribed)(place.chat, offer.topic)
        pressed = self._telegram.do("press", chat=place.chat, user=user, message_id=offer.message_id, data=offer.data)
        self.presses.append(pressed["id"])
        return self._expect(place.chat, *words)

    def _list(self, place: Room, user: int) -> None:
        here = self.subscribed[place.chat]
        lines = (f"{'✓' if n in here else '·'} {title_of(n)} ({topic_name(n)})" for n in range(TOPICS))
        self._say(place, user, "/topics", *lines)

    def _recent(self, place: Room, user: int) -> None:
        number, name = self._topic()
        self._say(place, user, f"/recent {name} 3", title_of(number), "in the last 24 h")

    def _unknown_topic(self, place: Room, user: int) -> None:
        self._say(place, user, f"/recent nothing{self.asked}", f"I follow no topic called “nothing{self.asked}”")

    def _unknown_command(self, place: Room, user: int) -> None:
        self._say(place, user, f"/q{self.asked}z", f"I do not know /q{self.asked}z.")

    def _status(self, place: Room, user: int) -> None:
        self._say(place, user, "/status", "Following: ", "Discussion Monitor ")

    def _help(self, place: Room, user: int) -> None:
        self._say(place, user, "/help", "/topics: what I follow")

    def _grant(self, place: Room, user: int) -> None:
        victim, role = self._chance.choice(VICTIMS), self._chance.choice(("reader", "editor"))
        self.roles[victim] = role
        self._say(place, user, f"/grant {victim} {role}", f"Done. {victim} is a", f" {role} now")

    def _revoke(self, place: Room, user: int) -> None:
        victim = self._chance.choice(VICTIMS)
        self.roles.pop(victim, None)
        self._say(place, user, f"/revoke {victim}", f"Done. {victim} has no access any more")

    def _people(self, place: Room, user: int) -> None:
        lines = (f"{each}: {self.roles[each]}" for each in VICTIMS if each in self.roles)
        self._say(place, user, "/people", f"{user}: owner", *lines)

    def _invite(self, place: Room, user: int) -> None:
        if self.invited >= MOST_INVITATIONS:
            return self._list(place, user)
        self.invited += 1
        return self._say(place, user, "/invite reader", "This link works once", "?start=")

    def _stranger(self) -> None:
        user = self._person(None)
        self._start(user, "", "I only work for people I know.", f"Your user id is {user}.")
        self._say(Room(user, (user,)), user, "/topics")

    def _invited(self) -> None:
        if not self._links:
            return self._stranger()
        token = self._links.pop(self._chance.randrange(len(self._links)))
        self._used.append(token)
        user = self._person("reader")
        return self._start(user, token, "Welcome! You are a reader now", "Pick a topic")

    def _too_late(self) -> None:
        if not self._used:
            return self._stranger()
        return self._start(self._person(None), self._chance.choice(self._used), "This invitation was used already")


Way = Callable[[Askers, Room, int], Any]

GROUPS: Mapping[Way, int] = {
    Askers._subscribe: 6,
    Askers._unsubscribe: 4,
    Askers._end_the_only_one: 2,
    Askers._menu: 1,
    Askers._press: 4,
    Askers._list: 4,
    Askers._recent: 2,
    Askers._unknown_topic: 2,
    Askers._status: 1,
    Askers._help: 1,
}
PRIVATE = GROUPS | {Askers._unknown_command: 3}
OWNERS: Mapping[Way, int] = {Askers._grant: 6, Askers._revoke: 4, Askers._invite: 3, Askers._people: 2}
"""What is asked where, and how often."""
