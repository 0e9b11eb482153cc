"""What the world saw of the store's answers and of Telegram: the ledger that judges, outside the store."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from monitor.models import Query
from monitor.store.codec import decode_parcel
from tests.model.actors import Actor
from tests.model.world import World

LOOK_AFTER = 20_000
"""ms from when a message was claimed until its request has surely arrived, as the product takes it."""


class Held(NamedTuple):
    """A lease as the world saw it: until when it lasts, on the store's clock."""

    owner: str
    fence: int
    till: int


class Claim(NamedTuple):
    """Which message its sender claimed, and when (ms)."""

    at: int
    chat: str
    message: str


class Late(NamedTuple):
    """A message that arrived later than any request of its attempt may, and of which nobody was told.

    `will_look`: when it arrived, somebody was still to look for copies of it.
    """

    claim: Claim
    address: str
    text: str
    will_look: bool


GUARDED = {"finish": 2, "rest": 2, "rest_inbox": 2} | dict.fromkeys(
    ("next_update", "excuse", "claim", "settle", "clear", "surveyed", "corrected"), 0
)
"""Scripts that only the newest holder of a lease may have done, and which of their keys has the leases.

Job and fence are their first arguments.
"""

_FIRST_UPDATE, _OF_UPDATE = 16, 8
"""Where the arguments of the first update begin in a call of intake.lua, and how many each has."""


class Watch:
    """Notes leases, places in feeds, digests that were taken, and messages that came too late to be accounted for.

    `late` has the messages that came too late and of which nobody was told, `ever_late` all that came too late.
    `scribbled` are the places of messages that were edited by senders who died, or lost the store, before they could
    tell: they may have had no right to, and written over another's words.
    `unstored` tells what is missing of what a feed showed up to a place, `will_look` whether copies of a message will
    be looked for. `ever` has the ids and texts of all messages that were handed over, by chat, also those that a
    restored backup does not know. `given_again` are the updates that came again after a restore had forgotten them.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: dict[tuple[str, str], Held] = {}
        self.fences: dict[tuple[str, str], int] = {}
        self.taken: dict[str, dict[str, int]] = {}
        self.claimed: dict[Actor | None, Claim] = {}
        self.late: list[Late] = []
        self.ever_late: list[Late] = []
        self._unconfessed: dict[Actor | None, Late] = {}
        self.ever: dict[str, set[tuple[str, str]]] = {}
        self.given_again: set[str] = set()
        self._given: set[str] = set()
        self._forgotten: set[str] = set()
        self.unstored: Callable[[Query, str], list[str]] = lambda *_: []
        self.scribbled: set[tuple[str, int]] = set()
        self._touched: set[tuple[str, int]] = set()
        self._edited: dict[Actor | None, set[tuple[str, int]]] = {}
        self.will_look: Callable[[str, str, str], bool] = lambda *_: False

    def restored(self, taken: dict[str, dict[str, int]]) -> None:
        """Know of a store that it holds a backup now, of which this was `taken`."""
        self.held.clear()
        self.taken = {chat: dict(ids) for chat, ids in taken.items()}

    def forgot(self, known: Collection[str]) -> None:
        """Know of a store that it holds a backup now, which has these updates `known`, and forgot all later ones."""
        self._forgotten |= self._given - set(known)

    def told_of(self) -> set[tuple[str, int]]:
        """Return the places of messages that got other words, as far as those who edited them have told by now."""
        return self._touched - set().union(*self._edited.values())

    def unmended(self, addresses: Collection[str], told: Collection[tuple[str, int]]) -> None:
        """Know what stays written over after a restore: see "What was written over" in *Decisions*.

        That is all that nobody had `told` of when the backup was made, and what waited then in some chats to be mended.
        """
        self.scribbled |= {place for place in self._touched if place[0] in addresses or place not in told}

    def ran(self, actor: Actor | None, script: str, keys: Sequence[str], args: Sequence[Any], answer: Any) -> None:
        """Note what a script answered."""
        if script in GUARDED and answer not in (None, 0 if script != "claim" else -1):
            self._did(script, keys[GUARDED[script]], str(args[0]), int(args[1]))
        match script:
            case "claim" if answer == 0:
                self.claimed[actor] = Claim(self.world.now, chat_of(keys[0]), str(args[2]))
            case "settle" if answer:
                self.confesses(actor)
            case "acquire" if answer:
                self._acquired(keys[0], Held(str(args[1]), int(answer), self.world.now + int(args[2])), str(args[0]))
            case "renew" if answer:
                self._renewed(keys[0], str(args[0]), int(args[3]))
            case "finish" | "rest" | "rest_inbox" if answer:
                self.held.pop((keys[2], str(args[0])), None)
                if script == "finish" and args[3] == "read":
                    self._read(str(args[0]), str(args[7]))
            case "bury":
                for job, fence in zip(args[::2], args[1::2], strict=True):
                    place = keys[0], job.decode()
                    if (held := self.held.get(place)) is not None and held.fence == int(fence):
                        del self.held[place]
            case "intake" if answer:
                ids = {str(each) for each in args[_FIRST_UPDATE::_OF_UPDATE]}
                self.given_again |= ids & self._forgotten
                self._given |= ids
            case "hand_over" if not answer:
                self._handed(keys[0], args)
            case "apply" if answer[0] and args[6]:
                self.ever.setdefault(chat_of(keys[4]), set()).add((str(args[6]), text_of(args[8])))

    def arrived(self, actor: Actor | None, claim: Claim | None, form: dict[str, str]) -> None:
        """Note a message that arrived later than any request of its attempt may; only who sent it can tell of it."""
        if claim is not None and self.world.now - claim.at >= LOOK_AFTER:
            address = form["chat_id"]
            late = Late(claim, address, form["text"], self.will_look(claim.chat, address, claim.message))
            self.late.append(late)
            self.ever_late.append(late)
            self._unconfessed[actor] = late

    def edited(self, actor: Actor | None, form: dict[str, str], *, by_the_dead: bool) -> None:
        """Note a message that got other words, from a sender who can tell of it, or cannot any more."""
        place = form["chat_id"], int(form["message_id"])
        self._touched.add(place)
        (self.scribbled if by_the_dead else self._edited.setdefault(actor, set())).add(place)

    def unheard(self, actor: Actor | None) -> None:
        """Note that the answer to what an actor sent was lost: it cannot tell of it."""
        self._unconfessed.pop(actor, None)

    def confesses(self, actor: Actor | None) -> None:
        """Note that an actor told of what it sent."""
        late = self._unconfessed.pop(actor, None)
        if late is not None:
            self.late.remove(late)

    def is_over(self, actor: Actor | None, *, has_failed: bool) -> None:
        """Note that what an actor did is over: who sent something too late and heard of it has told of it."""
        late, edited = self._unconfessed.pop(actor, None), self._edited.pop(actor, set())
        if has_failed:
            self.scribbled |= edited
        elif late is not None:
            self.world.accuse(f"{late.claim.message} was sent to {late.address} too late, and nobody was told")

    def _did(self, script: str, leases: str, job: str, fence: int) -> None:
        newest = self.fences.get((leases, job), 0)
        if fence < newest:
            self.world.accuse(f"{script} of {job} was done for the fence {fence}, and {newest} was given out")

    def _acquired(self, leases: str, new: Held, job: str) -> None:
        place = leases, job
        known, newest = self.held.get(place), self.fences.get(place, 0)
        if known is not None and known.owner != new.owner and known.till > self.world.now:
            left = known.till - self.world.now
            self.world.accuse(f"two hold {job}: {new.owner} got it, and {known.owner} has it for {left} ms")
        is_same = known is not None and known.owner == new.owner
        if new.fence < newest or (new.fence == newest and not is_same):
            self.world.accuse(f"the fence of {job} went from {newest} to {new.fence}")
        self.held[place], self.fences[place] = new, max(newest, new.fence)

    def _renewed(self, leases: str, job: str, ttl: int) -> None:
        if ttl == 0:
            self.held.pop((leases, job), None)
        elif (known := self.held.get((leases, job))) is not None:
            self.held[leases, job] = known._replace(till=self.world.now + ttl)

    def _read(self, job: str, cursor: str) -> None:
        source, _, text = job.removeprefix("poll:").partition(":")
        query = Query(source, text)
        missing = self.unstored(query, cursor)
        if missing:
            self.world.accuse(f"{query} was read up to {cursor}, and {', '.join(missing)} are not stored")

    def _handed(self, outbox: str, args: Sequence[Any]) -> None:
        chat, i = chat_of(outbox), 0
        taken, ever = self.taken.setdefault(chat, {}), self.ever.setdefault(chat, set())
        while i < len(args):
            taken.setdefault(str(args[i]), self.world.now)
            ever.add((str(args[i]), text_of(args[i + 2])))
            i += 4 + int(args[i + 3])


def chat_of(key: str) -> str:
    """Return whose key it is."""
    return key[key.index("{") + 1 : key.index("}:")].partition(":")[2]


def text_of(packed: bytes) -> str:
    """Return what readers see of a packed message."""
    return decode_parcel(packed).message.text.rstrip()
