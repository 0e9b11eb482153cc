"""Every command × every kind of sender × every kind of chat, made from the table of commands, and forged buttons.

Whether a command was carried out is judged by what it left in the store or told, not by what the bot says about it;
whether it should have been, by a rule written anew here.
"""

import random
import string
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from monitor.bot.admission import NOBODY
from monitor.bot.asked import Command
from monitor.bot.commands import ACTIONS, COMMANDS
from monitor.models import Incoming, Message, Role
from monitor.nouns.wishes import Wishes
from monitor.readers.buttons import LIFETIME, Press, Signer
from monitor.readers.topic_names import mark_of
from monitor.store.subscriptions import Change, Order
from tests.build import NOW, a_topic
from tests.integration.room import Room
from tests.simulators.telegram_chats import Chat, Member, User

POTS = a_topic(name="smash-pots", title="砸锅卖铁")
VICTIM = "424242"
RANKS: dict[str, int] = {"anyone": 0, "reader": 1, "editor": 2, "owner": 3}

Kind = Literal["private", "group", "supergroup", "channel"]
PLACES: tuple[Kind, ...] = ("private", "group", "supergroup", "channel")


class Sender(NamedTuple):
    """A kind of person: role, standing in the group, and whether Telegram shows who it is."""

    name: str
    role: Role | None = None
    standing: Literal["member", "administrator", "creator", "left"] = "member"
    account: str | None = ""
    """Empty: their own; else the one that Telegram puts in its place, or none at all."""


SENDERS = (
    Sender("stranger"),
    Sender("reader", "reader"),
    Sender("editor", "editor"),
    Sender("owner", "owner"),
    Sender("admin without role", None, "administrator"),
    Sender("creator without role", None, "creator"),
    Sender("reader and admin", "reader", "administrator"),
    Sender("editor and admin", "editor", "administrator"),
    Sender("owner and creator", "owner", "creator"),
    Sender("owner who left", "owner", "left"),
    Sender("anonymous admin", "owner", "administrator", None),
    *(Sender(f"account {each}", "owner", "administrator", each) for each in sorted(NOBODY)),
)


class Cell(NamedTuple):
    """One try: what was wanted, who, where, and by which way."""

    command: str
    sender: Sender
    place: Kind
    by_button: bool = False

    def __str__(self) -> str:
        return f"/{self.command} by {self.sender.name} in {self.place}{' (button)' if self.by_button else ''}"


class Tried(NamedTuple):
    """A command as it was tried: where, and what was said to it."""

    room: Room
    chat: str
    said: Message | None = None

    def says(self, words: str) -> bool:
        """Tell whether the answer holds some words."""
        return self.said is not None and words in self.said.text

    @property
    def is_subscribed(self) -> bool:
        """Tell whether the chat gets digests."""
        return bool(self.room.monitor.subscriptions.of(self.chat))

    @property
    def role(self) -> Role | None:
        """Return what the one may do about whom owners decide."""
        return self.room.monitor.people.role_of(VICTIM)

    @property
    def invitations(self) -> int:
        """Count the invitations that wait."""
        return int(self.room.monitor.connection.execute("HLEN", self.room.monitor.connection.keys.work.tokens))


class Probe(NamedTuple):
    """How a command is tried, what must be there before, and how it shows that it was carried out."""

    words: str
    is_done: Callable[[Tried], bool]
    before: Callable[[Tried], object] = bool
    id: str = POTS.name
    """What a button of this command sends."""


def subscribe(tried: Tried) -> None:
    """Subscribe a chat past all questions."""
    room, chat, _ = tried
    room.last += 1
    update = Incoming(id=room.last, kind="other", chat=chat, chat_type="private")
    room.monitor.subscriptions.apply(Order(chat, update, changes=(Change("subscribe", POTS.name),)))


def afresh(tried: Tried) -> None:
    """Subscribe a chat that wished for nothing yet."""
    tried.room.monitor.connection.execute("DEL", tried.room.monitor.connection.keys.chat(tried.chat).wishes)
    subscribe(tried)


PROBES: dict[str, Probe] = {
    "start": Probe("", lambda tried: tried.says("digest a day") or tried.says("/topics:")),
    "help": Probe("", lambda tried: tried.says("/topics:")),
    "subscribe": Probe("smash-pots", lambda tried: tried.is_subscribed),
    "unsubscribe": Probe("smash-pots", lambda tried: not tried.is_subscribed, subscribe),
    "topics": Probe("", lambda tried: tried.says("砸锅卖铁")),
    "recent": Probe("smash-pots", lambda tried: tried.says("newest")),
    "status": Probe("", lambda tried: tried.says("Discussion Monitor")),
    "language": Probe(
        "繁體",
        lambda tried: tried.room.monitor.wishes.manners(tried.chat).language == "zh-Hant",
        lambda tried: tried.room.monitor.connection.execute(
            "DEL", tried.room.monitor.connection.keys.chat(tried.chat).wishes
        ),
        id="zh-Hant",
    ),
    "settings": Probe(
        "smash-pots at 06:30",
        lambda tried: (tried.room.monitor.wishes.of(tried.chat, POTS.name) or Wishes()).at == "06:30",
        afresh,
        id=f"{mark_of(POTS)}a06:30",
    ),
    "mute": Probe(
        "smash-pots",
        lambda tried: (tried.room.monitor.wishes.of(tried.chat, POTS.name) or Wishes()).muted_until is not None,
        afresh,
    ),
    "why": Probe("smash-pots", lambda tried: tried.says("24 h to")),
    "chart": Probe("nowhere", lambda tried: tried.says("I follow no topic") or tried.says("not follow"), id="nowhere"),
    "digest": Probe("now smash-pots", lambda tried: tried.says("#砸锅卖铁")),
    "forget": Probe("", lambda tried: not tried.is_subscribed, subscribe),
    "track": Probe("", lambda tried: tried.says("Tell me what to follow")),
    "edit": Probe("", lambda tried: tried.says("Tell me what and how") or tried.says("too old"), id="nothingy"),
    "keywords": Probe("test smash-pots 砸锅卖铁", lambda tried: tried.says("It belongs")),
    "feeds": Probe("", lambda tried: tried.says("/feeds add")),
    "cost": Probe("", lambda tried: tried.says("Nothing that I read costs money.")),
    "export": Probe("", lambda tried: tried.says("Tell me what to export")),
    "audit": Probe("", lambda tried: tried.says("Nobody changed")),
    "review": Probe("", lambda tried: tried.says("no review chat is set") or tried.says("too old"), id="nothingy"),
    "useful": Probe("smash-pots", lambda tried: tried.says("Noted as useful")),
    "useless": Probe("smash-pots", lambda tried: tried.says("Noted as not useful")),
    "people": Probe("", lambda tried: tried.says(": owner")),
    "invite": Probe(
        "reader",
        lambda tried: tried.invitations > 0,
        lambda tried: tried.room.monitor.connection.execute("DEL", tried.room.monitor.connection.keys.work.tokens),
    ),
    "grant": Probe(
        f"{VICTIM} editor",
        lambda tried: tried.role == "editor",
        lambda tried: tried.room.monitor.people.revoke(VICTIM),
    ),
    "revoke": Probe(
        VICTIM,
        lambda tried: tried.role is None,
        lambda tried: tried.room.monitor.people.grant(VICTIM, "reader"),
    ),
}
"""One for each command: a command without one fails the test."""


def cells(places: tuple[Kind, ...] = PLACES) -> Iterator[Cell]:
    """Yield every cell of the matrix."""
    for place in places:
        for sender in SENDERS:
            yield from (Cell(name, sender, place) for name in COMMANDS)
            yield from (Cell(name, sender, place, by_button=True) for name in ACTIONS.values())


def should(command: Command, cell: Cell) -> bool:
    """Tell whether a cell should be carried out: the rule, in other words than the product's."""
    sender = cell.sender
    if sender.account != "" or cell.place == "channel" or sender.role is None:
        return False
    if RANKS[sender.role] < RANKS[command.needs]:
        return False
    if cell.place == "private":
        return "private" in command.places
    return "group" in command.places and sender.standing in ("administrator", "creator")


def wrong_cells(room: Room, some: Iterator[Cell]) -> tuple[int, list[str]]:
    """Try cells; return how many there were, and a sentence for each that went wrong."""
    wrong: list[str] = []
    tried = 0
    for cell in some:
        tried += 1
        is_done = carried_out(room, cell)
        if is_done != should(COMMANDS[cell.command], cell):
            wrong.append(f"{cell}: {'carried out' if is_done else 'refused'}")
    return tried, wrong


def carried_out(room: Room, cell: Cell) -> bool:
    """Try a cell with a person and a chat of its own; tell whether it was carried out."""
    probe = PROBES[cell.command]
    user = room.person("Somebody", cell.sender.role)
    chat = place_of(room, cell, user)
    probe.before(Tried(room, str(chat.id)))
    account = str(user.id) if cell.sender.account == "" else cell.sender.account
    if account is not None and cell.sender.role is not None:
        # Also where somebody gave a role to an account that stands for many.
        room.monitor.people.grant(account, cell.sender.role)
    changes: dict[str, Any] = {"user": account}
    text = f"/{cell.command} {probe.words}".rstrip()
    if cell.by_button:
        action = next(letter for letter, name in ACTIONS.items() if name == cell.command)
        signer = Signer(room.monitor.signing_key(), account or "", str(chat.id))
        text = signer.sign(Press(action, probe.id), room.now)
        changes |= {"kind": "button", "button": "1"}
    said = room.tell(room.update(user, text, chat, **changes))
    return probe.is_done(Tried(room, str(chat.id), said))


def place_of(room: Room, cell: Cell, user: User) -> Chat:
    """Return the chat of a cell."""
    if cell.place == "private":
        return room.telegram.people.private(user)
    chat = room.telegram.state.world.add_chat(cell.place, "Desk")
    room.telegram.state.world.set_member(chat, user, Member(cell.sender.standing))
    return chat


class Forged(NamedTuple):
    """What a button sent, who pressed it and where and when, none of which fit together."""

    kind: str
    data: str
    signer: Signer
    now: datetime


def forgeries(key: bytes, chance: random.Random, count: int) -> Iterator[Forged]:
    """Yield forged, changed, stolen and old presses, as many of each kind."""
    for n in range(count):
        yield FORGERS[n % len(FORGERS)](key, chance)


def _genuine(key: bytes, chance: random.Random) -> tuple[Signer, str]:
    signer = Signer(key, str(chance.randrange(1, 10**12)), str(-chance.randrange(1, 10**12)))
    press = Press(chance.choice("sur"), chance.choice(("smash-pots", "water", "a" * 40)))
    return signer, signer.sign(press, NOW)


def _invented(key: bytes, chance: random.Random) -> Forged:
    signer, _ = _genuine(key, chance)
    alphabet = string.printable + "砸锅\ud800\u2068"
    return Forged("invented", "".join(chance.choices(alphabet, k=chance.randrange(1, 70))), signer, NOW)


def _guessed(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    mac = "".join(chance.choices(string.ascii_letters + string.digits + "-_", k=11))
    return Forged("guessed", f"{data.rpartition('.')[0]}.{mac}", signer, NOW)


def _flipped(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    raw = bytearray(data.encode())
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return Forged("flipped", raw.decode("utf-8", "surrogateescape"), signer, NOW)


def _stolen(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    return Forged("stolen", data, signer._replace(user=str(int(signer.user) + chance.randrange(1, 9))), NOW)


def _elsewhere(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    return Forged("elsewhere", data, signer._replace(chat=chance.choice((signer.user, signer.chat + "0"))), NOW)


def _expired(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    return Forged("expired", data, signer, NOW + LIFETIME + timedelta(seconds=chance.randrange(1, 10**7)))


def _prolonged(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    version, action, id_, expiry, mac = data.split(".")
    later = f"{int(expiry, 16) + chance.randrange(1, 10**6):x}"
    return Forged("prolonged", f"{version}.{action}.{id_}.{later}.{mac}", signer, NOW)


def _crossed(key: bytes, chance: random.Random) -> Forged:
    signer, data = _genuine(key, chance)
    other = signer.sign(Press("s", "another"), NOW).split(".")
    parts = data.split(".")
    place = chance.choice((2, 4))
    parts[place] = other[place]
    return Forged("crossed", ".".join(parts), signer, NOW)


FORGERS = (_invented, _guessed, _flipped, _stolen, _elsewhere, _expired, _prolonged, _crossed)
