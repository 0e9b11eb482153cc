"""A bot with a real store and a strict Telegram, into which people write one update at a time."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from monitor.bot.answer import answer
from monitor.duties import jobs
from monitor.models import Incoming, Message, Role, Topic
from monitor.settings import load
from monitor.store.fsck import check
from monitor.wiring import Monitor, opened
from tests.build import NOW, a_mention
from tests.data import data_path
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_chats import Chat, Member, User

ChatType = Literal["private", "group", "supergroup", "channel"]


class Room:
    """What tests need of both sides."""

    def __init__(self, monitor: Monitor, telegram: Simulator) -> None:
        self.monitor = monitor
        self.telegram = telegram
        self.now: datetime = NOW
        self.last = 0

    def person(self, name: str, role: Role | None = None) -> User:
        """Return somebody who has opened the bot's private chat."""
        user = self.telegram.state.world.add_user(name)
        self.telegram.people.private(user).is_started = True
        if role is not None:
            self.monitor.people.grant(str(user.id), role)
        return user

    def group(self, admin: User | None = None, *, is_forum: bool = False) -> Chat:
        """Return a group, with an administrator."""
        chat = self.telegram.state.world.add_chat("supergroup", "Desk", is_forum=is_forum)
        if admin is not None:
            self.telegram.state.world.set_member(chat, admin, Member("administrator"))
        return chat

    def update(self, user: User | None, text: str = "", chat: Chat | None = None, /, **changes: Any) -> Incoming:
        """Return an update: a message unless said otherwise, in private unless a chat is given."""
        assert user is not None or chat is not None
        self.last += 1
        values: dict[str, Any] = {
            "id": self.last,
            "kind": "message",
            "chat": str(chat.id if chat is not None else user.id if user is not None else 0),
            "chat_type": chat.kind if chat is not None else "private",
            "user": None if user is None else str(user.id),
            "text": text,
            "message_id": 1000 + self.last,
        }
        return Incoming(**(values | changes))

    def tell(self, update: Incoming) -> Message | None:
        """Let the bot answer an update, and return what it hands over as its reply."""
        role = None if update.user is None else self.monitor.people.role_of(update.user)
        answer(self.monitor, update, role, self.now)
        found = self.monitor.outbox.find(self.monitor.chats.home(update.chat), f"reply:{update.id}")
        return None if found is None else found.parcel.message

    def say(self, user: User | None, text: str, chat: Chat | None = None, **changes: Any) -> str:
        """Let somebody write; return the reply's text, empty when there is none."""
        said = self.tell(self.update(user, text, chat, **changes))
        return "" if said is None else said.text

    def follow(self, *topics: Topic, posts: int = 3) -> None:
        """Follow topics, each with some posts of this morning."""
        self.monitor.topics.replace(topics, " ".join(topic.name for topic in topics))
        for topic in topics:
            mentions = [
                a_mention(f"{topic.name}{n}", topic=topic.name, post={"observed_at": NOW - timedelta(hours=6)})
                for n in range(posts)
            ]
            self.monitor.mentions.add(topic.name, mentions, oldest=NOW - timedelta(days=30))

    def deliver(self, chat: str, times: int = 6) -> None:
        """Send what waits for a chat, whatever its pace."""
        for n in range(times):
            self.monitor.connection.execute("ZADD", self.monitor.connection.keys.work.due, 0, f"deliver:{chat}")
            self.monitor.connection.execute("UNLINK", self.monitor.connection.keys.chat(chat).sends)
            jobs.deliver(self.monitor, chat, f"worker {self.last} {n}", self.now)

    def seen(self, chat: Chat | User) -> list[str]:
        """Return what readers of a chat see of the bot."""
        shown = self.telegram.state.ledger.visible(chat.id, by=self.telegram.state.world.bot.id)
        return [each.text for each in shown if each.text]


@contextlib.contextmanager
def a_room(redis_url: str, folder: Path, settings: str = "") -> Iterator[Room]:
    """Open all parts on a store; at the end nothing must be wrong with it, nor with what Telegram was asked."""
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz"), seed=11) as telegram:
        table = f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram.url}"\n'
        (folder / "monitor.toml").write_text(table + settings, encoding="utf-8")
        (folder / "topics.toml").write_text('[topics.pots]\nany = ["砸锅卖铁"]\n', encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PTB_TIMEDELTA", "true")
            patch.setenv("MONITOR_CONFIG", str(folder))
            patch.setenv("MONITOR_HOME", str(folder))
            patch.setenv("MONITOR_REDIS_URL", redis_url)
            with opened(load(), prefix=f"{folder.name}:") as monitor:
                monitor.connection.erase()
                monitor.connection.check()
                yield Room(monitor, telegram)
                assert check(monitor.connection) == []
                monitor.connection.erase()
        assert telegram.breaches == []
