"""Chats of a simulated Telegram, digests for them, and what readers saw: each once and in order, or counted as held."""

from typing import NamedTuple

from monitor.store.chats import ChatList
from monitor.store.connection import Connection
from monitor.store.outbox import OutboxStore
from tests.chaos.fleet import wait_for
from tests.chaos.oracle import some
from tests.integration.couriers import parcels
from tests.simulators.telegram_faults import FAULTS
from tests.simulators.telegram_ledger import Ledger
from tests.simulators.telegram_remote import RemoteSimulator

SPEC = "specs/telegram_bot_api_10.1.json.gz"
SHAPES = [kind for kind in FAULTS if kind not in ("forbidden", "migrated")]
"""Failures of a send after which the chat is still there."""
SETTINGS = '[telegram]\ntoken = "{token}"\napi_url = "{url}"\n'
FIRST_LIMIT = 60.0


class Seen(NamedTuple):
    """What became of digests: parts that readers miss, see twice, or may never have got and are held; the rest is fine.

    `disordered` are chats in which digests stand in another order than they were handed over; `copies` were visible at
    any time beside another, for `seconds` at the longest.
    """

    missing: list[str]
    twice: list[str]
    held: list[str]
    wrongly_held: list[str]
    disordered: list[str]
    copies: int
    seconds: float


class Readers:
    """Chats of each kind, to which digests of invented text are handed by the product's own outbox."""

    def __init__(self, telegram: RemoteSimulator, store_url: str, *, channels: int, people: int) -> None:
        self.telegram = telegram
        self._connection = Connection(store_url)
        self._outbox = OutboxStore(self._connection)
        self._chats = ChatList(self._connection)
        self.channels = [str(telegram.do("add_chat", kind="channel", title=f"C{n}")["id"]) for n in range(channels)]
        users = [telegram.do("add_user", first_name=f"P{n}")["id"] for n in range(people)]
        for user in users:
            telegram.do("start", user=user)
        self.people = [str(user) for user in users]
        self.digests: dict[str, list[str]] = {chat: [] for chat in (*self.channels, *self.people)}

    def hand_over(self, digest: str, parts: int = 1) -> None:
        """Hand a digest over to every chat, and wake their senders, as the daily job does."""
        for chat in self.digests:
            self.hand_over_to(chat, digest, parts)

    def hand_over_to(self, chat: str, digest: str, parts: int = 1) -> None:
        """Hand a digest over to a chat; each part is one message that readers must see."""
        made = parcels(chat, digest, parts)
        self._outbox.hand_over(chat, made)
        self._chats.wake(chat, digest)
        self.digests[chat] += [each.message.id for each in made]

    def are_served(self) -> bool:
        """Tell whether nothing waits in any chat, late looks included."""
        return not any(self._waiting(chat) for chat in self.digests)

    def begin(self) -> None:
        """Deliver a message to every chat, which is not judged: a probe needs an id that is known to begin after."""
        for attempt in range(5):
            unknown = [chat for chat in self.digests if not self._is_known(chat)]
            for chat in unknown:
                self.hand_over_to(chat, f"first{attempt}")
                self.digests[chat].clear()
            if unknown and wait_for(self.are_served, FIRST_LIMIT) is None:
                raise AssertionError("not even the first messages arrive")
        assert all(map(self._is_known, self.digests)), "not even the first messages arrive"

    def seen(self) -> Seen:
        """Return what readers saw up to now, by the ledger of the simulator."""
        ledger = self.telegram.ledger()
        seen = Seen([], [], [], [], [], 0, 0.0)
        for chat, messages in self.digests.items():
            seen = self._look(seen, ledger, chat, messages)
        return seen

    def _look(self, seen: Seen, ledger: Ledger, chat: str, messages: list[str]) -> Seen:
        copies = ledger.copies(int(chat))
        texts = {text_of(chat, id_): id_ for id_ in messages}
        for text, id_ in texts.items():
            name = f"{chat} {id_}"
            found = self._outbox.find(chat, id_)
            is_held = found is not None and found.delivery.is_held
            if copies[text] > 1:
                seen.twice.append(name)
            if is_held:
                seen.held.append(name)
                # What stands in a channel can be found, and what does not can be proved not to.
                if chat in self.channels:
                    seen.wrongly_held.append(name)
            elif not copies[text]:
                seen.missing.append(name)
            at_once = ledger.most_at_once(int(chat), text)
            if at_once > 1:
                seconds = ledger.seconds_seen_twice(int(chat), text)
                seen = seen._replace(copies=seen.copies + at_once - 1, seconds=max(seen.seconds, seconds))
        shown = [texts[each.text] for each in ledger.visible(int(chat)) if each.text in texts]
        if shown != sorted(shown, key=messages.index):
            seen.disordered.append(chat)
        return seen

    def _is_known(self, chat: str) -> bool:
        return bool(self._connection.execute("ZCARD", self._connection.keys.chat(chat).ids))

    def _waiting(self, chat: str) -> int:
        keys = self._connection.keys.chat(chat)
        return sum(int(self._connection.execute("ZCARD", key)) for key in (keys.queue, keys.extras, keys.late))


def text_of(chat: str, id_: str) -> str:
    """Return the text of a part as readers see it."""
    digest, _, part = id_.rpartition("-")
    return parcels(chat, digest, int(part) + 1)[int(part)].message.text


def broken_by(seen: Seen, breaches: list[str]) -> tuple[str, ...]:
    """Return a sentence for each promise to readers that was broken."""
    named = {
        "digests missing": seen.missing,
        "digests visible twice": seen.twice,
        "digests held where a probe can decide": seen.wrongly_held,
        "chats in disorder": seen.disordered,
        "requests that no correct product makes": breaches,
    }
    return tuple(some(what, which) for what, which in named.items() if which)


def faults_of(report: dict[str, dict[str, int]], methods: tuple[str, ...] = ("sendMessage",)) -> int:
    """Return how many calls of some methods failed."""
    return sum(count for name, count in report["faults"].items() if name.split(" ")[0] in methods)
