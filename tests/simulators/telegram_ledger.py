"""What readers of the simulated Telegram see, event by event: the oracle of every delivery test.

Each event is one JSON line, appended before the product gets its answer; `Ledger.read` rebuilds the ledger from the
file, in another process or after it. The product's own store has no part in it.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass
class Shown:
    """A message, as readers have seen it: its versions, each with its time, and when it went."""

    chat: int
    message_id: int
    by: int
    first_seen: float
    is_silent: bool = False
    versions: list[tuple[float, Json]] = field(default_factory=list)
    deleted_at: float | None = None

    @property
    def message(self) -> Json:
        """Return the latest version."""
        return self.versions[-1][1]

    @property
    def text(self) -> str:
        """Return the latest text or caption; empty where there is none."""
        return str(self.message.get("text") or self.message.get("caption") or "")

    @property
    def is_visible(self) -> bool:
        """Tell whether readers see it now."""
        return self.deleted_at is None

    @property
    def edits(self) -> int:
        """Return how often it was edited."""
        return len(self.versions) - 1


class Ledger:
    """All messages of all chats."""

    def __init__(self, path: Path | None = None) -> None:
        self._file = None if path is None else os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
        self._shown: dict[tuple[int, int], Shown] = {}

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        """Rebuild a ledger from its file; a last line without its end is one still being written."""
        ledger = cls()
        ledger.read_on(path, 0)
        return ledger

    def read_on(self, path: Path, start: int) -> int:
        """Take in what a file tells from a byte on; return where to read on later."""
        with path.open("rb") as file:
            file.seek(start)
            told = file.read()
        whole = told[: told.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._apply(json.loads(line))
        return start + len(whole)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def sent(self, at: float, by: int, message: Json, *, silent: bool = False) -> None:
        """Note a new message; `silent` is one that made no sound."""
        self._record({"at": at, "event": "sent", "by": by, "silent": silent, "message": message})

    def edited(self, at: float, message: Json) -> None:
        """Note a new version of a message."""
        self._record({"at": at, "event": "edited", "message": message})

    def deleted(self, at: float, chat: int, message_id: int) -> None:
        """Note that a message is gone."""
        self._record({"at": at, "event": "deleted", "chat": chat, "message_id": message_id})

    def get(self, chat: int, message_id: int) -> Shown | None:
        """Return a message, also a deleted one; None where there never was one."""
        return self._shown.get((chat, message_id))

    def history(self, chat: int | None = None, by: int | None = None) -> list[Shown]:
        """Return all messages, deleted ones too, of a chat and an author, in the order of their coming."""
        return [shown for shown in self._shown.values() if chat in (None, shown.chat) and by in (None, shown.by)]

    def visible(self, chat: int | None = None, by: int | None = None) -> list[Shown]:
        """Return the messages readers see now."""
        return [shown for shown in self.history(chat, by) if shown.is_visible]

    def copies(self, chat: int, by: int | None = None) -> Counter[str]:
        """Count the texts that are visible now: 2 is a digest seen twice."""
        return Counter(shown.text for shown in self.visible(chat, by) if shown.text)

    def most_at_once(self, chat: int, text: str) -> int:
        """Return how many messages of a chat showed this text at the same moment, at the most."""
        changes = sorted(change for shown in self.history(chat) for change in _changes(shown, text))
        most = now = 0
        for _, step in changes:
            now += step
            most = max(most, now)
        return most

    def seconds_seen_twice(self, chat: int, text: str) -> float:
        """Return for how long two or more copies were visible; to the last event where they still are."""
        changes = sorted(change for shown in self.history(chat) for change in _changes(shown, text))
        last = max((moment for shown in self.history(chat) for moment in _moments(shown)), default=0.0)
        total, now, since = 0.0, 0, 0.0
        for at, step in changes:
            total += at - since if now > 1 else 0.0
            now, since = now + step, at
        return total + (last - since if now > 1 else 0.0)

    def _record(self, event: Json) -> None:
        if self._file is not None:
            os.write(self._file, json.dumps(event, ensure_ascii=False).encode() + b"\n")
        self._apply(json.loads(json.dumps(event)))  # a copy: later changes of the caller's objects are no events

    def _apply(self, event: Json) -> None:
        if event["event"] == "deleted":
            self._shown[event["chat"], event["message_id"]].deleted_at = event["at"]
            return
        message = event["message"]
        key = message["chat"]["id"], message["message_id"]
        if event["event"] == "sent":
            self._shown[key] = Shown(*key, event["by"], event["at"], event["silent"])
        self._shown[key].versions.append((event["at"], message))


def _moments(shown: Shown) -> Iterator[float]:
    yield from (at for at, _ in shown.versions)
    if shown.deleted_at is not None:
        yield shown.deleted_at


def _changes(shown: Shown, text: str) -> Iterator[tuple[float, int]]:
    """Yield when a message began (+1) and ceased (-1) to show a text."""
    was = False
    for at, version in shown.versions:
        has = text == (version.get("text") or version.get("caption"))
        if has != was:
            yield at, 1 if has else -1
        was = has
    if was and shown.deleted_at is not None:
        yield shown.deleted_at, -1
