"""A source whose items do what an item should not, in every stage; and processes of the product that know it.

The product knows nothing of it: `install` adds the source and lays the deeds around the stages in a process of a test,
`python -m tests.poison.worker` or `python -m tests.poison.child`. What a page holds is drawn from its query,
"https://poison.example/100/1000/50/7": a hundred broken items among a thousand in pages of fifty, by the seed of seven.
"""

import os
import random
import re
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from monitor import pipeline, sources
from monitor.models import Author, Batch, Coverage, Cursor, Engagement, Post, PostKey, SetAside
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.sources.items import item_id, sort_out, without_author
from monitor.topics.matcher.matching import Matcher

NAME = "rss"
"""It takes the place of a source that topics may name with an address."""

LEDGER = "deeds.pipe"
"""A pipe of this name in a folder of Python's path is told of every deed: a file could not be written by a fork."""

WORDS = "他们说要砸锅卖铁"
_QUERY = re.compile(r"https://poison.example/(\d+)/(\d+)/(\d+)/(\d+)")


class Kind(NamedTuple):
    """A broken item: the stage in which it acts, what it does, and whether it ends or stops its process."""

    name: str
    stage: str
    deed: Callable[[], Any]
    is_deadly: bool = False


def _loop() -> None:
    while True:
        pass


def _hog() -> None:
    held = []
    while True:
        held.append(bytearray(16 * 2**20))


def _recurse() -> None:
    _recurse()


def _raise(error: BaseException) -> Callable[[], None]:
    def deed() -> None:
        raise error

    return deed


KINDS = (
    Kind("exit", "parse", lambda: os._exit(0), is_deadly=True),
    Kind("segv", "match", lambda: os.kill(os.getpid(), signal.SIGSEGV), is_deadly=True),
    Kind("loop", "parse", _loop, is_deadly=True),
    Kind("spin", "tag", _loop, is_deadly=True),
    Kind("abort", "fingerprint", os.abort, is_deadly=True),
    Kind("hog", "fingerprint", _hog),
    Kind("recursion", "tag", _recurse),
    Kind("memory", "match", _raise(MemoryError())),
    Kind("error", "parse", _raise(RuntimeError("no"))),
    Kind("odd", "codec", _raise(TypeError("no"))),
    Kind("types", "types", lambda: None),
    Kind("surrogate", "surrogate", lambda: None),
    Kind("huge", "huge", lambda: None),
)
BY_NAME = {kind.name: kind for kind in KINDS}


class Plan(NamedTuple):
    """What a query stands for."""

    broken: int
    items: int
    page: int
    seed: int

    @property
    def kinds(self) -> list[str]:
        """Return the kind of each item, "" for a good one."""
        chance = random.Random(self.seed)
        kinds = [KINDS[n % len(KINDS)].name for n in range(self.broken)] + [""] * (self.items - self.broken)
        chance.shuffle(kinds)
        return kinds


def plan_of(query: str) -> Plan:
    """Return the plan that a query says."""
    found = _QUERY.fullmatch(query)
    assert found is not None, query
    return Plan(*map(int, found.groups()))


class PoisonSource:
    """Hands out a plan's items in pages; the cursor is the number of items handed out."""

    name = NAME

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        plan, first = plan_of(asked.query), int(asked.cursor or 0)
        rows = list(enumerate(plan.kinds))[first : first + plan.page]
        made = [
            {"id": f"{plan.seed}-{n}", "kind": kind, "text": f"{WORDS} {plan.seed} {n}", "author": f"somebody {n}"}
            for n, kind in rows
        ]
        return msgspec.json.encode(made)

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        plan, first = plan_of(asked.query), int(asked.cursor or 0)
        raws = [msgspec.json.encode(each) for each in msgspec.json.decode(page)]
        result = sort_out(raws, lambda raw: _post(raw, asked.now), self.nameless, gate)
        end = min(first + plan.page, plan.items)
        return Batch(
            posts=result.posts,
            cursor=Cursor(str(end)),
            more=end < plan.items,
            coverage=Coverage(start=asked.now - timedelta(minutes=10), end=asked.now),
            unreadable=result.unreadable,
            set_aside=result.set_aside,
        )

    def nameless(self, raw: bytes) -> SetAside:
        record, author = without_author(msgspec.json.decode(raw), {"id": "author"})
        return SetAside(kind="item", id=item_id(NAME, raw), raw=msgspec.json.encode(record), reason="", author=author)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        return _post(raw, now)


def _post(raw: bytes, now: datetime) -> Post:
    record = msgspec.json.decode(raw)
    kind, text = record["kind"], record["text"]
    act("parse", f"{text} ☠{kind}☠" if kind else "")
    mark = f" ☠{kind}☠" if kind else ""
    values: dict[str, Any] = {"text": text + mark, "engagement": Engagement(likes=1)}
    if kind == "types":
        values["engagement"] = Engagement(likes="many")  # type: ignore[arg-type]
    if kind == "surrogate":
        values["text"] = text + " \ud83d"
    if kind == "huge":
        values["text"] = text * 200_000
    return Post(
        key=PostKey(NAME, record["id"]),
        url=None,
        observed_at=now,
        created_at=now,
        author=Author(id=record.get("author")),
        **values,
    )


def act(stage: str, text: str) -> None:
    """Do what a broken item does in a stage."""
    if "☠" in text:
        item, name, _ = text.split("☠")
        if BY_NAME[name].stage == stage:
            _tell(item.strip())
            BY_NAME[name].deed()


def _tell(item: str) -> None:
    """Note a deed outside the product, where nothing that follows can take it back."""
    for pipe in (Path(folder) / LEDGER for folder in sys.path):
        if pipe.exists():
            writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            os.write(writer, f"{item}\n".encode())
            os.close(writer)


def install(*modules: Any) -> None:
    """Make the source known to this process, and lay the deeds around the stages that these modules call."""
    registry: Any = sources.SOURCES
    registry[NAME] = lambda *_: PoisonSource()
    for module in (pipeline, *modules):
        for name, wrapped in (("wording_of", _wording), ("make_tagger", _tagger), ("encode_mention", _codec)):
            if hasattr(module, name):
                setattr(module, name, wrapped(getattr(module, name)))
    find_all: Any = Matcher.find_all

    def poisoned(self: Matcher, texts: Any, *rest: Any) -> Any:
        for text in texts:
            act("match", text)
        return find_all(self, texts, *rest)

    Matcher.find_all = poisoned  # type: ignore[method-assign]


def _wording(wording_of: Any) -> Any:
    def poisoned(text: str) -> Any:
        act("fingerprint", text)
        return wording_of(text)

    return poisoned


def _tagger(make: Any) -> Any:
    def poisoned_make(*arguments: Any) -> Any:
        tag = make(*arguments)

        def poisoned(texts: Any, hints: Any) -> Any:
            for text in texts:
                act("tag", text)
            return tag(texts, hints)

        return poisoned

    return poisoned_make


def _codec(encode: Any) -> Any:
    def poisoned(mention: Any) -> Any:
        act("codec", mention.post.text)
        return encode(mention)

    return poisoned
