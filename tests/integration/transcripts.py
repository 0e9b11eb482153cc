"""Conversations as people read them, replayed against the running product (see tests/conversations/README.md)."""

import dataclasses
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from monitor.digests.schedule import Told, last_digest
from monitor.seams.budget import Wish, micro
from monitor.store.spend import SpendStore
from monitor.topics.polling.planning import digest_job
from monitor.wiring import Monitor
from tests.integration.product import PATIENCE, wait_until
from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_chats import Chat, Member, User
from tests.simulators.telegram_ledger import Shown

FOLDER = Path(__file__).parents[1] / "conversations"
TOPICS = ("smash-pots", "water")


class Step(NamedTuple):
    """A line, or the lines of one message, and where they begin."""

    line: int
    kind: str
    text: str


def steps_of(text: str) -> list[Step]:
    """Return the steps of a conversation; lines of one message follow each other without an empty one."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, said = line.partition(" ")
        if kind in ("", "#"):
            steps.append(Step(number, "pause", ""))
        elif kind == "<" and steps and steps[-1].kind == "<":
            steps[-1] = steps[-1]._replace(text=f"{steps[-1].text}\n{said}")
        else:
            assert kind in ("==", ">", "<", "*"), f"line {number}: {line}"
            steps.append(Step(number, kind, said))
    return [each for each in steps if each.kind != "pause"]


class Stage:
    """The people and chats of one conversation, and what of the bot's messages was expected so far."""

    def __init__(self, telegram: Simulator, monitor: Monitor) -> None:
        self._telegram = telegram
        self._monitor = monitor
        self._people: dict[str, User] = {}
        self._groups: dict[str, Chat] = {}
        self._words: dict[str, str] = {}
        self._heard: dict[int, int] = {}
        self._speaker = ""
        self._where = ""

    def play(self, steps: list[Step]) -> None:
        """Take every step; at the end nothing unexpected may have been said."""
        acts: dict[str, Callable[[str], None]] = {"==": self._turn, ">": self._say, "<": self._hear, "*": self._happen}
        for step in steps:
            try:
                acts[step.kind](step.text)
            except AssertionError as e:
                raise AssertionError(f"line {step.line}: {step.kind} {step.text}\n{e}") from e
        self._settle()
        for chat in self._chats():
            rest = self._shown(chat)[self._heard.get(chat.id, 0) :]
            assert not rest, f"not expected: {[each.text for each in rest]}"

    def leave(self) -> None:
        """Undo what other conversations would notice."""
        keys = self._monitor.connection.keys
        for chat in self._chats():
            known = keys.chat(self._monitor.chats.home(str(chat.id)))
            self._monitor.connection.execute("DEL", known.subscriptions, known.wishes)
        self._monitor.connection.execute("DEL", keys.work.people, keys.work.subscribers, keys.work.spend)

    def _turn(self, text: str) -> None:
        self._speaker, _, self._where = text.partition(" in ")
        self._person(self._speaker)

    def _say(self, text: str) -> None:
        user, chat, people = self._person(self._speaker), self._chat(), self._telegram.people
        label = re.fullmatch(r"\[(.+)\]", text)
        # In the order in which they are written, also by different people.
        wait_until(lambda: not self._telegram.state.updates.pending, PATIENCE)
        with self._telegram.lock:
            if label is None:
                people.say(chat, user, self._filled(text))
                return
            buttons = [each for each in self._shown(chat) if label[1] in str(each.message.get("reply_markup", ""))]
            assert buttons, f"no message has a button {label[1]}"
            people.press(user, chat, buttons[-1].message_id, label[1])

    def _hear(self, text: str) -> None:
        chat = self._chat()
        number = self._heard.get(chat.id, 0)
        wait_until(lambda: len(self._shown(chat)) > number, PATIENCE)
        self._heard[chat.id] = number + 1
        said = as_read(self._shown(chat)[number])
        found = re.fullmatch(self._pattern(text), said, re.DOTALL)
        assert found is not None, f"it said:\n{said}"
        self._words |= found.groupdict()

    def _happen(self, text: str) -> None:
        for pattern, act in EVENTS.items():
            found = re.fullmatch(pattern, text)
            if found is not None:
                # What was said before has had its effect, and an event its own before anything else is said.
                self._settle()
                act(self, *found.groups())
                self._settle()
                return
        raise AssertionError("nothing of this kind can happen")

    def role(self, name: str, role: str) -> None:
        self._monitor.people.grant(str(self._person(name).id), role)  # type: ignore[arg-type]

    def tongue(self, name: str, code: str) -> None:
        user = self._person(name)
        with self._telegram.lock:
            changed = dataclasses.replace(user, language_code=code)
            self._people[name] = self._telegram.state.world.users[user.id] = changed

    def admin(self, name: str, group: str) -> None:
        self._telegram.state.world.set_member(self._groups[group], self._person(name), Member("administrator"))

    def found(self, group: str, kind: Any) -> None:
        with self._telegram.lock:
            self._groups[group] = self._telegram.state.world.add_chat(kind, group)

    def digest(self, topic: str) -> None:
        """Let the newest digest of a topic be due."""
        followed = next(each for each in self._monitor.topics.all() if each.name == topic)
        end = last_digest(followed, datetime.now(UTC))
        self._monitor.told.move(topic, self._monitor.told.of(topic), Told(end=end - timedelta(days=1)))
        due = self._monitor.connection.keys.work.due
        self._monitor.connection.execute("ZADD", due, 0, str(digest_job(followed)))
        wait_until(lambda: self._monitor.told.of(topic) == Told(end=end), PATIENCE)

    def paid(self, cents: str, topic: str) -> None:
        """Let posts of X be paid for on behalf of a topic, a cent each."""
        now, budget = datetime.now(UTC), self._monitor.spending["x"].budget
        meter = SpendStore(self._monitor.connection, "x", budget, lambda _: [topic])
        made = meter.reserve("", Wish("post", micro(0.01), int(cents)), now)
        meter.settle(made, [f"post {topic} {number}" for number in range(made.things)])

    def door(self, name: str, verb: str, group: str | None = None) -> None:
        with self._telegram.lock:
            people, user = self._telegram.people, self._person(name)
            if verb in ("blocks", "unblocks"):
                {"blocks": people.block, "unblocks": people.unblock}[verb](user)
            elif verb == "upgrades":
                self._groups[group or ""] = people.upgrade(self._groups[group or ""], user)
            else:
                {"kicks": people.kick_bot, "adds": people.add_bot}[verb](self._groups[group or ""], user)

    def _person(self, name: str) -> User:
        if name not in self._people:
            with self._telegram.lock:
                self._people[name] = self._telegram.state.world.add_user(name)
                self._telegram.people.private(self._people[name]).is_started = True
        return self._people[name]

    def _chat(self) -> Chat:
        if self._where:
            return self._groups[self._where]
        return self._telegram.people.private(self._person(self._speaker))

    def _chats(self) -> Iterator[Chat]:
        yield from (self._telegram.people.private(each) for each in self._people.values())
        yield from self._groups.values()

    def _shown(self, chat: Chat) -> list[Shown]:
        with self._telegram.lock:
            shown = self._telegram.state.ledger.history(chat.id, by=self._telegram.state.world.bot.id)
        return [each for each in shown if words_of(each)]

    def _settle(self) -> None:
        """Wait until everything that was asked is answered, and every answer sent."""
        work = self._monitor.connection.keys.work

        def is_quiet() -> bool:
            waiting = [
                work.inbox_order,
                *(self._monitor.connection.keys.chat(c).queue for c in self._monitor.chats.all()),
            ]
            counts = [int(self._monitor.connection.execute("ZCARD", key)) for key in waiting]
            return not self._telegram.state.updates.pending and not any(counts)

        wait_until(is_quiet, PATIENCE)

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self._word(found[1]) or found[0], text)

    def _pattern(self, text: str) -> str:
        pattern = re.escape(self._filled(text)).replace("…", ".*?")
        return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[\\w-]+)", pattern)

    def _word(self, name: str) -> str | None:
        if name in self._people:
            return str(self._people[name].id)
        return str(self._groups[name].id) if name in self._groups else self._words.get(name)


EVENTS: dict[str, Callable[..., None]] = {
    r"(\w+) is an? (reader|editor|owner)": Stage.role,
    r"(\w+) uses Telegram in ([\w-]+)": Stage.tongue,
    r"(\w+) is an admin of (\w+)": Stage.admin,
    r"(\w+) is a (group|supergroup|channel)": Stage.found,
    r"digest of ([\w-]+)": Stage.digest,
    r"X costs (\d+) cents for ([\w-]+)": Stage.paid,
    r"(\w+) (blocks|unblocks) the bot": Stage.door,
    r"(\w+) (kicks|adds) the bot (?:from|to) (\w+)": Stage.door,
    r"(\w+) (upgrades) (\w+)": Stage.door,
}
"""What can happen beside what is said."""


def as_read(shown: Shown) -> str:
    """Return a message as its reader sees it, a line of labels for each row of its buttons."""
    rows = shown.message.get("reply_markup", {}).get("inline_keyboard", ())
    lines = [" ".join(f"[{button['text']}]" for button in row) for row in rows]
    # Isolation marks are seen by nobody.
    return "\n".join([re.sub("[\u2066-\u2069]", "", words_of(shown)), *lines])


def words_of(shown: Shown) -> str:
    """Return the words of a message, or of a photo its caption."""
    return f"(photo) {shown.message['caption']}" if "photo" in shown.message else shown.text


class Hurry:
    """Lets the bot send without its pace, which is tested elsewhere: a conversation would take minutes."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Hurry":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        connection = self._monitor.connection.under(self._monitor.connection.keys)
        while not self._stopped.wait(0.1):
            for chat in self._monitor.chats.all():
                connection.execute("DEL", connection.keys.chat(chat).sends)
        connection.close()
