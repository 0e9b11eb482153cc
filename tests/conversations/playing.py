"""Plays a script with the product and writes down what was said, in the notation of README.md.

A script says what is asked, in one language; buttons are found by their label in the language that is spoken. Who has
no such button, because nothing was offered, presses none.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from monitor.catalogs import catalog
from monitor.digests.schedule import Told, last_digest
from monitor.duties import jobs
from monitor.models import Topic
from monitor.saying import LANGUAGES
from tests.conversations.events import EVENTS
from tests.conversations.world import ASKER, TOPICS, plant
from tests.integration.house import House
from tests.integration.transcripts import Step, as_read, steps_of
from tests.simulators.telegram_chats import Chat, User
from tests.simulators.telegram_ledger import Shown

FOLDER = Path(__file__).parent
ROLES = ("owner", "editor", "reader", "stranger")
CODES = {"en": "en", "zh-Hans": "zh-hans", "zh-Hant": "zh-hant"}
"""How Telegram calls the languages of its users."""


class Script(NamedTuple):
    """What is asked, under a name, and what for."""

    name: str
    about: str
    steps: Sequence[Step]


class Turn(NamedTuple):
    """A step as it was taken, and what was heard after it."""

    said: str
    heard: str


SCRIPTS: dict[str, Sequence[str]] = {"commands": ROLES, "moments": ("reader",), "troubles": ("owner",)}
"""The files of scripts, and as whom each is played."""


def scripts_of(kind: str) -> list[Script]:
    """Return the scripts of a file: each begins with "# NAME: what it is about"."""
    text = (FOLDER / f"{kind}.script").read_text(encoding="utf-8")
    found = re.split(r"^# (?=[\w-]+: )", text, flags=re.MULTILINE)[1:]
    parted = [each.partition("\n") for each in found]
    return [Script(*head.split(": ", 1), steps_of(body)) for head, _, body in parted]


def told(house: House, script: Script, casts: Sequence[str] = ROLES) -> str:
    """Return the transcript of a script: for each language each step, and what each role hears, equal ones together."""
    lines = [f"# {script.about}"]
    for language, name in LANGUAGES.items():
        plays = {role: Play(house, language, role).of(script.steps) for role in casts}
        lines += ["", "", f"=== {name}: {', '.join(casts)}"]
        for turns in zip(*plays.values(), strict=True):
            lines += _turn_told(dict(zip(plays, turns, strict=True)))
    return "\n".join(lines) + "\n"


def _turn_told(turns: Mapping[str, Turn]) -> list[str]:
    """Return a step once, with all that is heard after it; who could not take it has no part in it."""
    taken = {role: turn for role, turn in turns.items() if turn is not None}
    if not taken:
        return []
    said, heard = next(iter(taken.values())).said, dict[str, list[str]]()
    for role, turn in taken.items():
        heard.setdefault(turn.heard, []).append(role)
    lines = ["", said]
    for answer, roles in heard.items():
        if len(heard) > 1 or len(roles) < len(turns):
            lines.append(f"({', '.join(roles)})" if answer else f"({', '.join(roles)}: nothing)")
        lines += answer.split("\n") if answer else []
    return lines


class Play:
    """One performance: people, chats, and what of the bot's words was written down."""

    def __init__(self, house: House, language: str, role: str) -> None:
        self.house = house
        self.language = language
        self.people: dict[str, User] = {}
        self.chats: dict[str, Chat] = {}
        self.threads: dict[str, int] = {}
        self.posts: list[str] = []
        self._heard: dict[tuple[int, int], str] = {}
        self._answered = set(house.telegram.state.answers)
        self._lines: list[str] = []
        self._where = (ASKER, "")
        house.begin_anew(TOPICS, plant)
        self.person(ASKER)
        if role in ("owner", "editor", "reader"):
            self.grant(ASKER, role)

    def of(self, steps: Sequence[Step]) -> list[Turn | None]:
        """Take every step; return what was heard after each, None where it could not be taken."""
        try:
            return [self._turn_of(step) for step in steps]
        finally:
            self.house.mend()

    def _turn_of(self, step: Step) -> Turn | None:
        self._lines = []
        said = {"==": self._move, ">": self._say, "*": self._happen}[step.kind](step.text)
        return None if said is None else Turn(self._masked(said), "\n".join(self._lines).strip("\n"))

    def person(self, name: str) -> User:
        """Return somebody, who has opened the bot's private chat and speaks the language."""
        if name not in self.people:
            world = self.house.telegram.state.world
            self.people[name] = world.add_user(name, language_code=CODES[self.language])
            self.house.telegram.people.private(self.people[name]).is_started = True
        return self.people[name]

    def grant(self, name: str, role: Any) -> None:
        """Give somebody a role."""
        assert self.house.monitor.people.grant(str(self.person(name).id), role)

    def place(self, name: str) -> Chat:
        """Return a group or channel, or somebody's private chat."""
        return self.chats[name] if name in self.chats else self.house.telegram.people.private(self.person(name))

    def say(self, text: str) -> None:
        """Let who has the word write."""
        name, where = self._where
        chat = self.place(where.partition("/")[0] or name)
        self.house.telegram.people.say(chat, self.person(name), text, thread=self.threads.get(where))

    def digest(self, topic: str) -> None:
        """Let the newest digest of a topic be due."""
        monitor, now = self.house.monitor, self.house.clock.now
        followed = self.topic(topic)
        end = last_digest(followed, now)
        monitor.told.move(topic, monitor.told.of(topic), Told(end=end - timedelta(days=1)))
        jobs.make_digest(monitor, followed, now)

    def topic(self, name: str) -> Topic:
        """Return a topic that is followed."""
        return next(each for each in self.house.monitor.topics.all() if each.name == name)

    def _move(self, text: str) -> str:
        name, _, where = text.partition(" in ")
        self.person(name)
        self._where = (name, where)
        return f"== {text}"

    def _happen(self, text: str) -> str:
        for pattern, act in EVENTS.items():
            found = re.fullmatch(pattern, text)
            if found is not None:
                act(self, *found.groups())
                self._listen()
                return f"* {text}"
        raise AssertionError(f"nothing of this kind can happen: {text}")

    def _say(self, text: str) -> str | None:
        label = re.fullmatch(r"\[(.+)\]", text)
        if label is None:
            self.say(self._filled(text))
            said: str | None = text
        else:
            said = self._press(label[1])
        if said is None:
            return None
        self._listen()
        return f"> {said}"

    def _press(self, label: str) -> str | None:
        """Press a button of the newest message that has it; None where no message has any."""
        name, where = self._where
        chat = self.place(where.partition("/")[0] or name)
        own = self._spoken(label)
        with_buttons = [each for each in self._shown(chat) if labels_of(each)]
        found = [each for each in with_buttons if own in labels_of(each)]
        if not with_buttons:
            return None
        assert found, f"no button {own!r} among {[labels_of(each) for each in with_buttons]}"
        self.house.telegram.people.press(self.person(name), chat, found[-1].message_id, own)
        return f"[{own}]"

    def _spoken(self, label: str) -> str:
        """Return a label in the language that is spoken; one that names several things, thing by thing."""
        known = catalog(self.language)
        if label in known or not known:
            return known.get(label, label)
        return "、".join(known.get(each, each) for each in label.split(", "))

    def _listen(self) -> None:
        """Write down what the bot said since: to who has the word, then to others."""
        self.house.settle()
        self._hear_toasts()
        for place, chat in self._places():
            news = [line for shown in self._shown(chat) for line in self._news(chat, shown)]
            if news and place != self._place():
                self._write("", f"== {place[0]} in {place[1]}" if place[1] else f"== {place[0]}")
            self._write(*news)

    def _news(self, chat: Chat, shown: Shown) -> list[str]:
        words, key = as_heard(shown), (chat.id, shown.message_id)
        known = self._heard.get(key)
        if words == known:
            return []
        self._heard[key] = words
        edited = "" if known is None else "(edited) "
        return ["", *(f"< {line}".rstrip() for line in f"{edited}{words}".split("\n"))]

    def _hear_toasts(self) -> None:
        answers = self.house.telegram.state.answers
        for each in answers.keys() - self._answered:
            self._answered.add(each)
            if answers[each].get("text"):
                self._write("", f"< (toast) {answers[each]['text']}")

    def _places(self) -> list[tuple[tuple[str, str], Chat]]:
        private = self.house.telegram.people.private
        people = [((name, ""), private(user)) for name, user in self.people.items()]
        groups = [
            ((self._where[0] if chat.kind != "channel" else "readers", name), chat) for name, chat in self.chats.items()
        ]
        return sorted([*people, *groups], key=lambda each: each[0] != self._place())

    def _place(self) -> tuple[str, str]:
        name, where = self._where
        return name, where.partition("/")[0]

    def _shown(self, chat: Chat) -> list[Shown]:
        state = self.house.telegram.state
        found = state.ledger.visible(chat.id, by=state.world.bot.id)
        return [each for each in found if "text" in each.message or "caption" in each.message]

    def _filled(self, text: str) -> str:
        known = {name: str(user.id) for name, user in self.people.items()}
        known |= {name: str(chat.id) for name, chat in self.chats.items()}
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], found[0]), text)

    def _write(self, *lines: str) -> None:
        for line in map(self._masked, lines):
            # One empty line between what is said, however much was nothing.
            if line or (self._lines and self._lines[-1]):
                self._lines.append(line)

    def _masked(self, line: str) -> str:
        """Put names in the places of numbers that are others each time."""
        known = {str(user.id): name for name, user in self.people.items()}
        known |= {str(chat.id): name for name, chat in self.chats.items()}
        for number, name in known.items():
            line = line.replace(number, f"{{{name}}}")
        line = re.sub(r"start=[\w-]+", "start={token}", line)
        return re.sub(r"(Discussion Monitor) \d[\w.]*", r"\1 {version}", line)


def labels_of(shown: Shown) -> list[str]:
    """Return what stands on the buttons of a message."""
    rows = shown.message.get("reply_markup", {}).get("inline_keyboard", ())
    return [button["text"] for row in rows for button in row]


def as_heard(shown: Shown) -> str:
    """Return a message as its reader sees it, a file by its name."""
    words = as_read(shown)
    name = shown.message.get("document", {}).get("file_name")
    return words if name is None else f"({name}) {words}"
