"""What is set aside and kept for a person, and how pages are read when an item of theirs may be deadly.

page ─ask─► bytes ─► isolation: ─read, item by item─► posts ─match, post by post─► mentions
                                         └──────────────────────┴─► set aside ─► quarantine
"""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from monitor.logs import redact
from monitor.models import Author, Batch, Cursor, Mention, Post, PostKey, SetAside, Topic


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was set aside, as it lies in the store: its author disguised, its bytes cut when there are too many.

    `key` is its short name. `subject` says whose it was (a query), `size` how many bytes there were, `tries` how often
    it was worked on, `version` by which version of the program.
    """

    key: str
    item: SetAside
    subject: str
    tries: int
    at: datetime
    size: int
    version: str


class QuarantineTally(NamedTuple):
    """How many items lie in quarantine, their bytes, and how many had to go early because there was no room."""

    items: int
    bytes: int
    crowded_out: int


class Quarantine(Protocol):
    """Items that broke their readers, kept for a person to look at and to try again."""

    def put(self, items: Sequence[SetAside], subject: str, tries: int) -> int:
        """Keep items that were tried so often, and return how many are new; one that lies there stays as it is."""
        ...

    def all(self) -> list[Quarantined]:
        """Return what lies there, oldest first."""
        ...

    def keys(self) -> frozenset[str]:
        """Return the short names of what lies there (see `key_of`)."""
        ...

    def remove(self, keys: Sequence[str]) -> int:
        """Forget items by their short names; return how many there were."""
        ...

    def tally(self) -> QuarantineTally: ...

    def prune(self, before: datetime) -> int:
        """Forget what was set aside before a time; return how many."""
        ...


class Gate(Protocol):
    """Stands before each item of a page, by its bytes as the platform gave them."""

    def admits(self, raw: bytes) -> bool:
        """Let an item be worked on; False for one that must not be touched."""
        ...

    def failed(self, item: SetAside) -> None:
        """Hear of an item that could not be read."""
        ...


class OpenGate:
    """Lets every item pass."""

    def admits(self, raw: bytes) -> bool:
        """Say yes."""
        del raw
        return True

    def failed(self, item: SetAside) -> None:
        """Leave it to the batch, which brings the item along."""


OPEN = OpenGate()


class Fetch(NamedTuple):
    """One call of a source: with which query a page is asked for, from where on, and when."""

    query: str
    cursor: Cursor | None
    now: datetime


@runtime_checkable
class Itemized(Protocol):
    """A source whose page is asked for here and read where it can do no harm: `fetch` is `read` of `ask`."""

    def ask(self, asked: Fetch) -> bytes:
        """Return a page in a form of its own; raise SourceError."""
        ...

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page holds, asking the gate before each item is touched. Pure; raise PayloadChanged."""
        ...

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item that is set aside, its author apart from its bytes."""
        ...

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author; None when there is none in it. Raise what it raises."""
        ...


class Care(NamedTuple):
    """With what items are worked on one by one: `quarantined` are the short names of those that must not be touched.

    `found` is told of an item that broke its reader as soon as that is known.
    """

    topics: Sequence[Topic]
    now: datetime
    quarantined: frozenset[str]
    found: Callable[[SetAside], None]


class ReadApart(NamedTuple):
    """What is left of a page without what broke its readers: a batch without posts, how many there were, the mentions.

    `skipped` counts items and posts that lie in quarantine, `skipped_posts` the latter: the batch counts items itself.
    Authors are as the platform gave them.
    """

    batch: Batch
    fetched: int
    mentions: list[Mention]
    skipped: int
    skipped_posts: int


class Isolation(Protocol):
    """Works on items one by one where they can kill nobody. Each raises SourceError when that cannot be done."""

    def read(self, source: str, page: bytes, asked: Fetch, care: Care) -> ReadApart:
        """Read the items of a page and match them."""
        ...

    def match(self, source: str, posts: Sequence[Post], care: Care) -> ReadApart:
        """Match posts that were read already."""
        ...

    def reread(self, source: str, item: bytes, care: Care) -> ReadApart:
        """Read and match an item out of quarantine."""
        ...


def key_of(kind: str, id_: str) -> str:
    """Return the short name of an item: the same whenever it is set aside."""
    return hashlib.sha256(f"{kind}\0{id_}".encode("utf-8", "surrogatepass")).hexdigest()[:10]


def post_aside(post: Post, stage: str, reason: str, *, is_deadly: bool = False) -> SetAside:
    """Return a post that is set aside: as JSON without its author if it has such a form, else its text as it is."""
    author = post.author
    try:
        msgspec.msgpack.decode(msgspec.msgpack.encode(author), type=Author)
        raw = msgspec.json.encode(msgspec.structs.replace(post, author=Author()))
    except Exception:  # noqa: BLE001 - a broken source may put anything into a post
        author, raw = Author(), ascii(post.text)[:10_000].encode()
    return SetAside(
        kind="post", id=post_id(post), raw=raw, reason=reason, stage=stage, author=author, is_deadly=is_deadly
    )


def post_id(post: Post) -> str:
    """Return the id of a post among those set aside; half characters are written out."""
    return written_key(post.key)


def written_key(key: PostKey) -> str:
    """Return a post's identity as a set aside post has it."""
    return str(key).encode("utf-8", "backslashreplace").decode()


def words_of(item: SetAside) -> frozenset[str]:
    """Return the words by which an item names the post that it is: those of its id, all where nobody can tell it."""
    try:
        record = msgspec.json.decode(item.raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return frozenset(_WORD.findall(item.raw.decode("utf-8", "replace")))
    inner = [record, *record.values()] if isinstance(record, dict) else []
    named = [each[name] for each in inner if isinstance(each, dict) for name in _OWN if name in each]
    return frozenset(word for each in named for word in _WORD.findall(str(each)))


def is_of(words: Collection[str], post: PostKey) -> bool:
    """Tell whether words that an item names itself by are those of a post."""
    own = [each for each in _WORD.findall(post.id) if each not in _SCHEMES]
    return bool(own) and all(each in words for each in own)


_WORD = re.compile(r"[\w.:@%-]+")
_OWN = ("id", "objectID", "name", "uri", "url", "did", "collection", "rkey", "link")
"""Fields in which platforms name a post, in an item or one level deeper; others name what it answers or quotes."""

_SCHEMES = frozenset(("at:", "http:", "https:"))


def worded(error: BaseException) -> str:
    """Word an exception in one line."""
    said = " ".join(redact(str(error)).split())[:300]  # a cut could leave half a secret
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
