"""Mastodon, by the API of its instances (https://docs.joinmastodon.org/methods/timelines/), one request per fetch.

    query ─wanted─► steps of a look ─path_of─► instance ─► statuses ─decoded, is_open─► posts, by `uri`
                         ▲                        │
                         └ cursor (MastodonPlace) ┘     an instance that fails rests, and the others are read

Own requests instead of the library Mastodon.py: it sleeps on rate limits or asks for versions first, and knows neither
our limits nor our guard of addresses; what is needed here are six kinds of GET.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import msgspec
from msgspec.structs import replace

from monitor.errors import PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Coverage, Cursor, Post, PostKey, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.sources.cursors import cursor_of
from monitor.sources.http import Client
from monitor.sources.items import Sorted, sort_out
from monitor.sources.mastodon_instances import Instances, opened, was_refused
from monitor.sources.mastodon_lookup import Lookups
from monitor.sources.mastodon_past import Past
from monitor.sources.mastodon_place import (
    OVERLAP,
    PAGE,
    MastodonPlace,
    Spot,
    Step,
    Wanted,
    next_step,
    path_of,
    placed,
    ranked_on,
    read_back,
    read_on,
    spot_of,
    wanted,
)
from monitor.sources.mastodon_status import BROUGHT, NAME, decoded, is_open, nameless, post_of
from monitor.sources.surrogates import repair

_FIRST_LOOK = timedelta(hours=24)
_FIRST_TRENDS = timedelta(hours=1)
_MOST_BACK: Mapping[str, int] = {"timeline": 25}
"""Pages of the first look; it is no archive. What is trending, and all that is said, begins with one."""
_REST, _LONG_REST = timedelta(minutes=5), timedelta(hours=1)

log = logging.getLogger(__name__)


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a step of the look; or why its host could not be read, and for how many seconds it rests."""

    step: int
    body: bytes = b""
    failed: str = ""
    rest: int = 0


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a step brought, and the place after it; `oldest` is the time of the earliest status, `is_done` the step."""

    place: MastodonPlace
    result: Sorted = Sorted((), (), 0)
    is_done: bool = True
    oldest: int | None = None


class MastodonSource:
    """Reads timelines and trends of the configured instances; the first look at a hashtag goes back a day."""

    name = NAME
    brings = BROUGHT

    def __init__(self, instances: Instances, page: int = PAGE) -> None:
        self._instances = instances
        self._lookups = Lookups(instances)
        self._past = Past(instances)
        self._page = page

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of one instance; `more` until each was read."""
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Return the answer of the instance whose turn it is; raise SourceError when no instance can be read."""
        want, place = self._wanted(asked), _begun(placed(asked.cursor), asked.now)
        number = next_step(place, want, asked.now)
        if number is None:
            raise RateLimited(NAME, "every instance asked for patience", _patience(place, asked.now))
        step = want.steps[number]
        try:
            answer = self._instances.get(step.host, path_of(step, place, want), asked.now)
            return msgspec.msgpack.encode(_Page(step=number, body=answer.body))
        except SourceError as e:
            if step.kind == "linked" and was_refused(e, HTTPStatus.NOT_FOUND):
                # Nobody shares it any more, or the server is older than 4.3 and has no such timeline.
                return msgspec.msgpack.encode(_Page(step=number, body=b"[]"))
            if not _others(place, want, step.host, asked.now):
                raise _of_all(e, want) from e
            log.warning("an instance could not be read", extra={"host": step.host, "reason": e.reason})
            rest = int(_rest(e).total_seconds())
            return msgspec.msgpack.encode(_Page(step=number, failed=e.reason, rest=rest))

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what an answer holds, status by status."""
        answer = msgspec.msgpack.decode(page, type=_Page)
        want, place = self._wanted(asked), _begun(placed(asked.cursor), asked.now)
        step = want.steps[answer.step]
        if answer.failed:
            rests = place.rests | {step.host: int(asked.now.timestamp()) + answer.rest}
            read = _Read(place=replace(place, rests=rests, failed=place.failed | {step.host: answer.failed}))
        else:
            read = _read(answer.body, step, _Looking(place, want, asked.now, gate))
        after = replace(read.place, step=answer.step + read.is_done, since=_since(read, step, place))
        return _batch(after, want, read.result, asked.now)

    def nameless(self, raw: bytes) -> SetAside:
        """Return a status that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of a status without its author."""
        return post_of(decoded(raw), now)

    @property
    def most(self) -> int:
        """Return how many statuses one request may name."""
        return self._lookups.most

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return some posts as they are now, asked where they were written."""
        return self._lookups.look_up(keys, now)

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what reading a window costs: nothing but requests."""
        return self._past.price(wanted(query, self._instances.hosts, self._page), window, now)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window, newest first."""
        return self._past.back(wanted(query, self._instances.hosts, self._page), window, cursor, now)

    def _wanted(self, asked: Fetch) -> Wanted:
        return wanted(asked.query, self._instances.hosts, self._page)


class _Looking(msgspec.Struct, frozen=True):
    """What a page is read with."""

    place: MastodonPlace
    want: Wanted
    now: datetime
    gate: Gate


def open_source(client: Client, options: Mapping[str, str]) -> MastodonSource:
    """Return the source; options: `instances`, `tokens` (mastodon_instances.py), and `page`, statuses per request."""
    return MastodonSource(opened(client, options), int(options.get("page", PAGE)))


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of one answer, and how many of its statuses could not be read. Raise PayloadChanged."""
    result = _sorted(statuses_in(payload), now, OPEN, is_search=False)
    return Batch(posts=result.posts, unreadable=result.unreadable)


def statuses_in(payload: bytes) -> list[bytes]:
    """Return the items of an answer, which are decoded one by one, so that a broken one costs itself only."""
    try:
        return list(map(bytes, msgspec.json.decode(repair(payload), type=list[msgspec.Raw])))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def _sorted(raws: Sequence[bytes], now: datetime, gate: Gate, *, is_search: bool) -> Sorted:
    understood = 0

    def read(raw: bytes) -> Post | None:
        nonlocal understood
        status = decoded(raw)
        post = post_of(status, now)
        understood += 1
        return post if is_open(status, is_search=is_search) else None

    result = sort_out(raws, read, nameless, gate)
    if len(raws) > result.refused and not understood:
        raise PayloadChanged(NAME, "not one status of the answer could be read")
    return result


def _read(body: bytes, step: Step, looking: _Looking) -> _Read:
    raws, place = statuses_in(body), looking.place
    if step.kind in {"tags", "links"}:
        return _Read(place=replace(place, trends=place.trends | {step.name: _names(raws, step)}))
    name = spot_of(step, place)
    spot = place.spots.get(name, Spot())
    fresh = raws if step.kind == "statuses" else [raw for raw in raws if _bare(raw).id not in spot.seen]
    result = _sorted(fresh, looking.now, looking.gate, is_search=looking.want.is_search)
    after, oldest = _moved(spot, raws, step, looking)
    is_done = not (after.at or after.below or after.offset)
    return _Read(place=replace(place, spots=place.spots | {name: after}), result=result, is_done=is_done, oldest=oldest)


def _moved(spot: Spot, raws: Sequence[bytes], step: Step, looking: _Looking) -> tuple[Spot, int | None]:
    """Return the spot after a page, and how far the first look reached when there was more before that."""
    page = looking.want.page
    if step.kind == "statuses":
        return ranked_on(spot, len(raws), page), None
    known = [bare for raw in raws if (bare := _bare(raw)).id]
    ids = [str(bare.id) for bare in known]
    # Statuses that an instance hides from us are missing in a page, and say nothing of what lies behind it.
    is_full = len(raws) >= page // 2 and bool(ids)
    if not spot.is_first:
        return read_on(spot, ids, is_full=is_full), None
    oldest = min((at for bare in known if (at := bare.epoch) is not None), default=None) if is_full else None
    is_more = oldest is not None and oldest > _floor(looking.place) and spot.pages + 1 < _MOST_BACK.get(step.kind, 1)
    is_more = is_more and not looking.want.is_search
    return read_back(spot, ids, is_more=is_more), None if is_more else oldest


def _floor(place: MastodonPlace) -> int:
    """Return the time to which a first look goes back."""
    # Up to there an earlier query may have read, but for what reaches an instance late.
    return place.until - int(OVERLAP.total_seconds()) if place.until else place.began - int(_FIRST_LOOK.total_seconds())


def _bare(raw: bytes) -> "_Named":
    """Return what identifies an item, nothing when it has nothing that can be read."""
    try:
        return msgspec.json.decode(raw, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Named()


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a status on its instance, a hashtag, a link."""

    id: str | int = ""
    created_at: str = ""
    name: str = ""
    url: str | None = None

    @property
    def epoch(self) -> int | None:
        """Return when a status was written."""
        try:
            return int(datetime.fromisoformat(self.created_at).timestamp())
        except ValueError:
            return None


def _names(raws: Sequence[bytes], step: Step) -> tuple[str, ...]:
    """Return the names of hashtags, or the addresses of links, that are trending."""
    try:
        found = [msgspec.json.decode(raw, type=_Named) for raw in raws]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the trends of {step.host} have another shape than expected: {e}") from e
    return tuple(name for each in found if (name := each.name if step.kind == "tags" else each.url))


def _begun(place: MastodonPlace, now: datetime) -> MastodonPlace:
    """Return the place of a look that goes on, or begins: hosts whose rest is over are asked again."""
    if place.began:
        return place
    failed = {host: why for host, why in place.failed.items() if place.rests.get(host, 0) > now.timestamp()}
    return replace(place, began=int(now.timestamp()), failed=failed)


def _since(read: _Read, step: Step, before: MastodonPlace) -> int:
    """Return since when a look covers, on every instance: where pages go back, not all may have been read."""
    began = before.began
    first = _FIRST_LOOK if step.kind == "timeline" else _FIRST_TRENDS
    floor = before.until or began - int(first.total_seconds())
    return max(before.since, floor, read.oldest or 0)


def _batch(place: MastodonPlace, want: Wanted, result: Sorted, now: datetime) -> Batch:
    is_more = next_step(place, want, now) is not None
    return Batch(
        posts=result.posts,
        cursor=cursor_of(place if is_more else _finished(place, want)),
        more=is_more,
        coverage=None if is_more else _coverage(place),
        unreadable=result.unreadable,
        set_aside=result.set_aside,
    )


def _coverage(place: MastodonPlace) -> Coverage:
    start = min(place.since, place.began)
    return Coverage(
        start=datetime.fromtimestamp(start, UTC),
        end=datetime.fromtimestamp(place.began, UTC),
        truncated=bool(place.failed),
        why="; ".join(sorted(place.failed.values())),
    )


def _finished(place: MastodonPlace, want: Wanted) -> MastodonPlace:
    """Return the place between two looks, without what is asked for no more."""
    names = {spot_of(step, place) for step in want.steps if step.kind != "linked"}
    links = {f"{host} linked {url}" for host in want.hosts for url in place.trends.get(f"{host} links", ())}
    return MastodonPlace(
        until=place.began,
        spots={name: spot for name, spot in place.spots.items() if name in names | links},
        trends={name: found for name, found in place.trends.items() if name.partition(" ")[0] in want.hosts},
        rests=(rests := {host: until for host, until in place.rests.items() if until > place.began}),
        failed={host: why for host, why in place.failed.items() if host in rests},
    )


def _others(place: MastodonPlace, want: Wanted, host: str, now: datetime) -> list[str]:
    """Return the other instances that can be read, so that the look need not fail with this one."""
    return [
        other
        for other in want.hosts
        if other != host and other not in place.failed and place.rests.get(other, 0) <= now.timestamp()
    ]


def _of_all(error: SourceError, want: Wanted) -> SourceError:
    """Return the error of the last instance as one of all: what one of several refuses does not close the platform."""
    is_one_of_several = len(want.hosts) > 1 and isinstance(error, SourceRejected)
    return SourceUnavailable(NAME, error.reason) if is_one_of_several else error


def _rest(error: SourceError) -> timedelta:
    if isinstance(error, RateLimited):
        return error.retry_after
    return _LONG_REST if isinstance(error, SourceRejected) else _REST


def _patience(place: MastodonPlace, now: datetime) -> timedelta:
    return max(timedelta(seconds=min(place.rests.values(), default=0) - now.timestamp()), timedelta(seconds=1))
