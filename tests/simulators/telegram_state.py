"""Everything the simulated server remembers, and how it makes a message."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulators.telegram_chats import Chat, User, World
from tests.simulators.telegram_faults import FaultPlan, FloodGate
from tests.simulators.telegram_ledger import Ledger
from tests.simulators.telegram_spec import Upload
from tests.simulators.telegram_text import Judged
from tests.simulators.telegram_updates import UpdateQueue

Json = dict[str, Any]
BOT = User(7_000_001, "Monitor", "discussion_monitor_bot", is_bot=True)


@dataclass
class State:
    """One bot's Telegram."""

    world: World
    ledger: Ledger
    updates: UpdateQueue
    faults: FaultPlan
    gate: FloodGate
    clock: Callable[[], float]
    breaches: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    files: dict[str, Upload] = field(default_factory=dict)
    queries: dict[str, float] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    actions: list[tuple[int, str]] = field(default_factory=list)
    query_numbers: random.Random = field(default_factory=random.Random)

    def new_message(
        self, chat: Chat, by: User, content: Json, *, sender: Chat | None = None, silent: bool = False
    ) -> Json:
        """Let a message appear in a chat; `sender` is the chat in whose name. Return the Message."""
        now = self.clock()
        writer = {"sender_chat": sender.json()} if sender else {}
        author = {} if chat.kind == "channel" else {"from": by.json()}
        number = self.world.next_message_id(chat)
        message = {"message_id": number, "date": int(now), "chat": chat.json(), **author, **writer, **content}
        self.ledger.sent(now, by.id, message, silent=silent)
        return message

    def note(self, where: str, judged: Judged) -> Judged:
        """Note what the server would silently change in a text of the product; return it."""
        self.breaches += [f"{where}: {fault}" for fault in judged.faults]
        return judged


def new_state(seed: int, clock: Callable[[], float], ledger: Path | None, *, limits: bool) -> State:
    """Return an empty Telegram; ids begin where the seed says."""
    dice = random.Random(seed)
    return State(
        world=World(BOT, first_message_id=dice.randrange(1, 5_000)),
        ledger=Ledger(ledger),
        updates=UpdateQueue(dice.randrange(100_000_000, 900_000_000)),
        faults=FaultPlan(seed),
        gate=FloodGate(clock, is_enforced=limits),
        clock=clock,
        query_numbers=dice,
    )
