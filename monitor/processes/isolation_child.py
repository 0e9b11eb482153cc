"""The child that works on items which may kill it; its socket is standard input: `monitor.processes.isolation_child`.

    parent ─Work─► this process ─fork─► reads the page, or goes from post to post, and tells what it begins
                        ▲                │
                        └─ told, death ──┘   what it had begun is to blame: set aside, and the next fork goes on

The process itself touches no item: it has one thread, knows no secret, and forks. A fork may use half a second of
processor time for an item (and as much for each megabyte of it), ten seconds in all and 256 MB, and opens nothing.
"""

import gc
import socket
import sys
from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from monitor.errors import SourceError
from monitor.models import Batch, Mention, Post, SetAside, Topic
from monitor.pipeline import Stages, mentions_of
from monitor.processes.forks import Begun, Death, Tell, forked, grant
from monitor.seams.quarantine import Fetch, Itemized, key_of, post_aside, post_id, worded
from monitor.seams.streams import Stream
from monitor.signals.duplicates import fingerprint
from monitor.sources import SOURCES, STREAMS
from monitor.sources.apart import Apart, Broken, Found, Refused, Work
from monitor.sources.frames import receive_frame, send_frame
from monitor.sources.items import item_id
from monitor.store.codec import encode_mention
from monitor.text.languages import make_tagger
from monitor.text.scripts import script_of
from monitor.topics.matcher.matching import Matcher

TRIES = 2
"""Of an item whose fork was ended from outside or ran out of time: the machine may have stood still."""

_WARM_UP = "smash pots and sell iron 砸锅卖铁 砸鍋賣鐵 разбить горшки"


def main() -> None:
    """Answer work until the parent closes the socket."""
    decoder = msgspec.msgpack.Decoder(Work)
    stages = _StagesOf()
    with socket.socket(fileno=sys.stdin.fileno()) as connection:
        while (frame := receive_frame(connection)) is not None:
            work = decoder.decode(frame)
            for answer in _answers(work, stages.of(work)):
                send_frame(connection, msgspec.msgpack.encode(answer))


class _StagesOf:
    """The deciding parts, kept as long as the topics stay the same, and warm before the first fork."""

    def __init__(self) -> None:
        self._made: tuple[tuple[list[Topic], str], Stages] | None = None

    def of(self, work: Work) -> Stages:
        """Return the parts for the topics of some work."""
        asked = (work.topics, work.engine)
        if self._made is None or self._made[0] != asked:
            stages = Stages(
                topics={topic.name: topic for topic in work.topics},
                matcher=Matcher(work.topics),
                tag=make_tagger(work.engine),
                disguise=lambda _, author: author,  # the parent's: it has the key
            )
            stages.tag([_WARM_UP], [None])
            stages.matcher.match(_WARM_UP)
            fingerprint(_WARM_UP)
            script_of(_WARM_UP)
            gc.freeze()
            self._made = asked, stages
        return self._made[1]


def _answers(work: Work, stages: Stages) -> Iterator[Found | Apart | Refused | Broken]:
    try:
        yield from _Ward(work, stages).answers()
    except SourceError as e:
        yield Refused(reason=e.reason)
    except _PageBroken as e:
        yield Broken(reason=str(e))


class _PageBroken(Exception):
    """The page breaks its reader between two items."""


class _Ward:
    """One page being worked on."""

    def __init__(self, work: Work, stages: Stages) -> None:
        self._work = work
        self._stages = stages
        self._quarantined = set(work.quarantined)
        self._deaths: dict[tuple[str, str], int] = {}
        self._skipped = 0

    def answers(self) -> Iterator[Found | Apart]:
        """Read the page item by item, then work on its posts one by one."""
        batch = Batch(posts=tuple(msgspec.msgpack.decode(each, type=Post) for each in self._work.posts))
        if self._work.page is not None or self._work.items:
            batch = yield from self._read()
        mentions: list[bytes] = []
        place = skipped_posts = 0
        while place < len(batch.posts):
            told, death = forked(lambda tell, at=place: self._match(batch.posts[at:], at, tell))  # type: ignore[misc]
            mentions += told.get(b"M", [])
            self._skipped += len(told.get(b"K", []))
            skipped_posts += len(told.get(b"K", []))
            found = [msgspec.msgpack.decode(each, type=SetAside) for each in told.get(b"F", [])]
            yield from (Found(item=each) for each in found)
            if death is None:
                break
            place, item = self._after(batch.posts, death)
            if item is not None:
                yield Found(item=item)
        yield Apart(
            batch=msgspec.structs.replace(batch, posts=()),
            fetched=len(batch.posts),
            mentions=mentions,
            skipped=self._skipped,
            skipped_posts=skipped_posts,
        )

    def _read(self) -> Generator[Found, None, Batch]:
        """Yield what is found and return the batch, its posts fit to be sent."""
        death: Death | None = Death(Begun(), 0)
        while death is not None:
            told, death = forked(self._read_page)
            found = [msgspec.msgpack.decode(each, type=SetAside) for each in told.get(b"F", [])]
            blamed = None if death is None else self._blamed(death)
            for item in (*found, *([] if blamed is None else [blamed])):
                self._quarantined.add(key_of(item.kind, item.id))
                yield Found(item=item)
        self._skipped += len(told.get(b"K", []))
        if b"E" in told:
            kind, _, reason = told[b"E"][0].decode("utf-8", "replace").partition("\n")
            raise SourceError(self._work.source, reason) if kind == "source" else _PageBroken(reason)
        batch = msgspec.msgpack.decode(told[b"B"][0], type=Batch)
        posts = tuple(msgspec.msgpack.decode(each, type=Post) for each in told.get(b"P", []))
        return msgspec.structs.replace(batch, posts=posts)

    def _blamed(self, death: Death) -> SetAside | None:
        """Return the item that ended its reader; None when it may be innocent and is tried again."""
        if not death.begun.raw:
            raise _PageBroken(death.reason)
        raw = death.begun.raw
        told, _ = forked(lambda tell: tell(b"F", msgspec.msgpack.encode(self._source().nameless(raw))))
        unknown = SetAside(kind="item", id=item_id(self._work.source, raw), raw=b"", reason="")
        item = msgspec.msgpack.decode(told[b"F"][0], type=SetAside) if b"F" in told else unknown
        if self._is_to_be_tried_again(death, item):
            return None
        return msgspec.structs.replace(item, reason=death.reason, is_deadly=True)

    def _after(self, posts: tuple[Post, ...], death: Death) -> tuple[int, SetAside | None]:
        """Return where to go on after a death among the posts, and what is to blame for it."""
        place = death.begun.place
        if place < 0:
            raise _PageBroken(death.reason)
        item = post_aside(posts[place], death.begun.stage, death.reason, is_deadly=True)
        if self._is_to_be_tried_again(death, item):
            return place, None
        return place + 1, item

    def _is_to_be_tried_again(self, death: Death, item: SetAside) -> bool:
        tries = self._deaths[item.kind, item.id] = self._deaths.get((item.kind, item.id), 0) + 1
        return death.is_doubtful and tries < TRIES

    def _source(self) -> Itemized | Stream:
        name = self._work.source
        make: Any = STREAMS[name] if name in STREAMS else SOURCES[name]
        source: Itemized | Stream = make(_NoClient(), self._work.options)
        return source

    # What follows runs in forks.

    def _read_page(self, tell: Tell) -> None:
        gate = _Gate(self._work.source, self._quarantined, tell)
        page = self._work.page
        grant(len(page or b""))
        try:
            batch = self._reread(gate) if page is None else self._source().read(page, self._asked(), gate)
        except SourceError as e:
            tell(b"E", f"source\n{e.reason}".encode("utf-8", "replace"))
            return
        except Exception as e:  # noqa: BLE001 - whatever breaks it, the page is not read
            tell(b"E", f"page\n{worded(e)}".encode("utf-8", "replace"))
            return
        grant(len(page or b""))
        for post in batch.posts:
            _tell_post(post, tell)
        tell(b"B", msgspec.msgpack.encode(msgspec.structs.replace(batch, posts=(), set_aside=())))

    def _asked(self) -> Fetch:
        return Fetch(self._work.query, self._work.cursor, self._work.now)

    def _reread(self, gate: "_Gate") -> Batch:
        source = self._source()
        posts = [source.reread(raw, self._work.now) for raw in self._work.items if gate.admits(raw)]
        return Batch(posts=tuple(post for post in posts if post is not None))

    def _match(self, posts: tuple[Post, ...], first: int, tell: Tell) -> None:
        for place, post in enumerate(posts, first):
            if key_of("post", post_id(post)) in self._quarantined:
                tell(b"K", b"")
                continue
            grant(len(post.text))
            at = _At(place, tell)
            try:
                for mention in _mentions(post, self._stages, at):
                    tell(b"M", msgspec.msgpack.encode(mention))
            except Exception as e:  # noqa: BLE001 - a post may break in any way, and costs itself only
                tell(b"F", msgspec.msgpack.encode(post_aside(post, at.stage, worded(e))))


class _Gate:
    """Tells which item a fork begins, and lets none pass that is known to be broken."""

    def __init__(self, source: str, quarantined: set[str], tell: Tell) -> None:
        self._source = source
        self._quarantined = quarantined
        self._tell = tell

    def admits(self, raw: bytes) -> bool:
        """Begin an item, unless it lies in quarantine."""
        grant(len(raw))
        self._tell(b"R", raw)
        if key_of("item", item_id(self._source, raw)) not in self._quarantined:
            return True
        self._tell(b"K", b"")
        return False

    def failed(self, item: SetAside) -> None:
        """Tell of it at once: what dies later takes nothing of that back, and it is not touched again."""
        self._tell(b"F", msgspec.msgpack.encode(item))


class _At:
    """Tells which post a fork is at, and in which stage."""

    def __init__(self, place: int, tell: Tell) -> None:
        self._place = place
        self._tell = tell
        self.stage = ""
        self("match")

    def __call__(self, stage: str) -> None:
        """Begin a stage."""
        self.stage = stage
        self._tell(b"S", f"{self._place} {stage}".encode())


def _mentions(post: Post, stages: Stages, at: _At) -> list[Mention]:
    """Return the mentions of one post, fit to be stored."""

    def tag(texts: Any, hints: Any) -> list[str]:
        at("tag")
        tagged = stages.tag(texts, hints)
        at("fingerprint")
        return tagged

    found = mentions_of([post], stages._replace(tag=tag), None)
    at("codec")
    mentions = [mention for some in found.values() for mention in some]
    for mention in mentions:
        encode_mention(mention)
    return mentions


def _tell_post(post: Post, tell: Tell) -> None:
    """Hand a post over in the form in which it is sent, or set it aside when it has none."""
    try:
        packed = msgspec.msgpack.encode(post)
        msgspec.msgpack.decode(packed, type=Post)
    except Exception as e:  # noqa: BLE001 - a source may put anything into a post
        tell(b"F", msgspec.msgpack.encode(post_aside(post, "codec", worded(e))))
        return
    tell(b"P", packed)


class _NoClient:
    """Stands where a source has its way to the network: here is none."""

    pace = None


if __name__ == "__main__":
    main()
