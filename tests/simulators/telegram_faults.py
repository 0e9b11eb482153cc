"""Faults on order, and Telegram's flood limits: what goes wrong with which call, the same under the same seed.

A plan is a list of orders. The verdict on the n-th call of a method depends on the seed, the order, the method and n
alone: threads and timing have no say in it.
"""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from typing import Literal, NamedTuple, get_args

from tests.simulators.telegram_chats import Kind
from tests.simulators.telegram_refusals import BLOCKED, CANNOT_PARSE, Refused, flood, migrated

FaultKind = Literal[
    "flood",  # 429 with retry_after; nothing happens
    "bad_gateway_before",  # 502 with a foreign body; nothing happened
    "bad_gateway_after",  # 502 with a foreign body; it was delivered
    "hang_up_before",  # the connection is closed without an answer; nothing happened
    "hang_up_after",
    "reset_before",  # the connection is reset (RST)
    "reset_after",
    "timeout_before",  # no answer comes until the client leaves
    "timeout_after",
    "slow",  # done, answered `seconds` late
    "wrong_json_before",  # 200 with a body that is no JSON; nothing happened
    "wrong_json_after",
    "forbidden",  # 403: blocked by the user
    "migrated",  # 400 with migrate_to_chat_id = `to_chat`
    "refused",  # 400 for what a text says, as no correct product meets it
]
FAULTS: tuple[FaultKind, ...] = tuple(kind for kind in get_args(FaultKind) if kind != "refused")
"""Those of a storm."""


class Fault(NamedTuple):
    """What goes wrong with a call."""

    kind: FaultKind
    seconds: float = 1.0
    to_chat: int | None = None

    @property
    def is_delivered(self) -> bool:
        """Tell whether the call is carried out all the same."""
        return self.kind == "slow" or self.kind.endswith("_after")

    def refusal(self) -> Refused | None:
        """Return the API's own refusal, where the fault is one."""
        if self.kind == "flood":
            return flood(max(1, round(self.seconds)))
        if self.kind == "forbidden":
            return Refused(403, BLOCKED)
        if self.kind == "refused":
            return Refused(400, CANNOT_PARSE)
        if self.kind == "migrated":
            assert self.to_chat is not None, "a migration leads to a chat"
            return migrated(self.to_chat)
        return None


class Order(NamedTuple):
    """Let a fault happen: to calls of methods like a pattern, by number (from 1, per method) or by chance.

    `times` ends the order after so many faults; `chat` limits it to calls for that chat.
    """

    fault: Fault
    method: str = "send*"
    calls: frozenset[int] | None = None
    chance: float = 1.0
    times: int | None = None
    chat: int | None = None


class FaultPlan:
    """The orders in force, the calls counted, and the faults that happened."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._orders: list[Order] = []
        self._done: Counter[int] = Counter()
        self.calls: Counter[str] = Counter()
        self.happened: Counter[tuple[str, FaultKind]] = Counter()

    def add(self, *orders: Order) -> None:
        """Put orders in force, after those that are."""
        self._orders += orders

    def stop(self) -> None:
        """Let nothing go wrong any more; the counts stay."""
        self._orders = [order._replace(times=0) for order in self._orders]

    def verdict(self, method: str, chat: int | None) -> Fault | None:
        """Count a call and return what goes wrong with it: the first order that fits."""
        self.calls[method] += 1
        for place, order in enumerate(self._orders):
            if self._strikes(place, order, method, chat):
                self._done[place] += 1
                self.happened[method, order.fault.kind] += 1
                return order.fault
        return None

    def _strikes(self, place: int, order: Order, method: str, chat: int | None) -> bool:
        number = self.calls[method]
        if not fnmatch(method, order.method) or (order.chat is not None and order.chat != chat):
            return False
        if order.times is not None and self._done[place] >= order.times:
            return False
        if order.calls is not None:
            return number in order.calls
        return random.Random(f"{self._seed}/{place}/{method}/{number}").random() < order.chance


def storm(
    chance: float, *, method: str = "send*", kinds: Iterable[FaultKind] = FAULTS, seconds: float = 1.0
) -> list[Order]:
    """Return orders by which about `chance` of the calls fail, each kind equally often."""
    chosen = [kind for kind in kinds if kind != "migrated"]
    orders, left = [], 1.0
    for kind in chosen:
        share = chance / len(chosen)
        orders.append(Order(Fault(kind, seconds), method, chance=share / left))
        left -= share
    return orders


class _Window(NamedTuple):
    """At most `most` messages in `seconds`."""

    most: int
    seconds: float


# core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
PER_CHAT = _Window(1, 1.0)
PER_GROUP = _Window(20, 60.0)
OVERALL = _Window(30, 1.0)


class FloodGate:
    """Telegram's limits on new messages, as sliding windows: measured always, enforced on wish."""

    def __init__(self, clock: Callable[[], float], *, is_enforced: bool = False) -> None:
        self.is_enforced = is_enforced
        self._clock = clock
        self._sent: dict[tuple[str, int], deque[float]] = defaultdict(deque)
        self.peaks: Counter[str] = Counter()
        self.refused = 0

    def admit(self, chat: int, kind: Kind) -> None:
        """Let a message to a chat pass. Raise Refused (429) with the whole seconds until it may, where enforced."""
        now = self._clock()
        windows = _windows(chat, kind)
        wait = max(self._wait(now, key, window) for key, window in windows.items())
        if wait > 0 and self.is_enforced:
            self.refused += 1
            raise flood(max(1, int(wait) + (wait % 1 > 0)))
        for key, window in windows.items():
            sent = self._recent(now, key, window)
            sent.append(now)
            self.peaks[key[0]] = max(self.peaks[key[0]], len(sent))

    def _wait(self, now: float, key: tuple[str, int], window: _Window) -> float:
        sent = self._recent(now, key, window)
        return sent[len(sent) - window.most] + window.seconds - now if len(sent) >= window.most else 0.0

    def _recent(self, now: float, key: tuple[str, int], window: _Window) -> deque[float]:
        sent = self._sent[key]
        while sent and sent[0] <= now - window.seconds:
            sent.popleft()
        return sent


def _windows(chat: int, kind: Kind) -> Mapping[tuple[str, int], _Window]:
    windows = {("chat", chat): PER_CHAT, ("overall", 0): OVERALL}
    return windows if kind == "private" else windows | {("group", chat): PER_GROUP}
