"""How far Mastodon's instances were read: the steps of a look, one request each, and the cursor between them. Pure.

    "#a #b"    the timeline of up to five hashtags       per instance: timeline, page by page forward from the last id
    "trends"   what is trending there, needs no words    per instance: statuses, tags ─► their timeline, links ─► theirs
    "public"   everything an instance hears of           per instance: timeline

A status that reaches an instance late gets an id of the time at which it was written (lib/mastodon/snowflake.rb), among
those that were read already. So a look begins an overlap before the newest id, and leaves out what it saw there.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from monitor.errors import SourceRejected
from monitor.models import Cursor
from monitor.sources.beginnings import resumed_or_begun
from monitor.sources.mastodon_status import NAME

PAGE = 40
"""The most that an instance gives at once, and what it is asked for."""

MOST_TAGS = 5
"""One hashtag, and up to four more by `any[]`: https://docs.joinmastodon.org/methods/timelines/#tag."""

OVERLAP = timedelta(minutes=10)
_MOST_SEEN = 500
_TREND_LINKS = 5
_MOST_RANKED = 120
_FIRST_SNOWFLAKE = int(datetime(2016, 1, 1, tzinfo=UTC).timestamp() * 1000)
_HASHTAG = re.compile(r"#([^\s#]+)")

Kind = Literal["timeline", "statuses", "tags", "tagged", "links", "linked"]


class Spot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far one timeline was read: its newest id, and the ids seen within the overlap before it.

    `at` is behind which id the next page of an unfinished look begins, `below` before which one while the first look
    goes back, `pages` how many it took, `offset` how many places of a ranking were read.
    """

    newest: str = ""
    seen: tuple[str, ...] = ()
    at: str = ""
    below: str = ""
    pages: int = 0
    offset: int = 0

    @property
    def is_first(self) -> bool:
        """Tell whether nothing is known yet behind which to go on: then pages go back from the newest."""
        return not self.newest or bool(self.below)


class MastodonPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cursor, as JSON; times are epoch seconds, `hosts` those that were asked.

    While a look is unfinished, `began` says when it began and `step` which of its requests comes next. `failed` says
    which hosts could not be read in it, and why, `rests` until when a host is left alone: so long it counts as failed
    in the looks that follow. `until` says up to when all was read.
    """

    until: int = 0
    began: int = 0
    step: int = 0
    since: int = 0
    spots: dict[str, Spot] = {}
    trends: dict[str, tuple[str, ...]] = {}
    rests: dict[str, int] = {}
    failed: dict[str, str] = {}


_TRENDS: tuple[tuple[Kind, int], ...] = (
    *(("statuses", 0), ("tags", 0), ("tagged", 0), ("links", 0)),
    *(("linked", slot) for slot in range(_TREND_LINKS)),
)


class Step(NamedTuple):
    """One request of a look; `slot` numbers the links that are trending."""

    host: str
    kind: Kind
    slot: int = 0

    @property
    def name(self) -> str:
        """Return the name of its timeline in the cursor."""
        return f"{self.host} {self.kind}"


class Wanted(NamedTuple):
    """What a query asks for, of which instances, by name."""

    mode: Literal["tags", "trends", "public", "local"]
    tags: tuple[str, ...]
    hosts: tuple[str, ...]
    page: int = PAGE

    @property
    def steps(self) -> list[Step]:
        """Return all requests of a look."""
        if self.mode != "trends":
            return [Step(host, "timeline") for host in self.hosts]
        return [Step(host, kind, slot) for host in self.hosts for kind, slot in _TRENDS]

    @property
    def is_search(self) -> bool:
        """Tell whether statuses are found by their words alone, and by nothing that their authors set for that."""
        return self.mode in {"public", "local"}


def wanted(query: str, hosts: Sequence[str], page: int = PAGE) -> Wanted:
    """Read a query: "#a #b" (up to five), "trends", "public" or "public:local". Raise SourceRejected."""
    text = query.strip()
    if text in {"", "trends"}:
        return Wanted("trends", (), tuple(hosts), page)
    if text in {"public", "public:local"}:
        return Wanted("local" if text.endswith("local") else "public", (), tuple(hosts), page)
    tags = tuple(_HASHTAG.findall(text))
    if not tags or len(tags) > MOST_TAGS or " ".join(f"#{tag}" for tag in tags) != " ".join(text.split()):
        said = f'"{text[:100]}" is not what Mastodon can be asked for'
        raise SourceRejected(NAME, f'{said}: up to five hashtags ("#a #b"), "trends", "public" or "public:local"')
    return Wanted("tags", tags, tuple(hosts), page)


def placed(cursor: Cursor | None) -> MastodonPlace:
    """Read a cursor. Raise PayloadChanged."""
    return resumed_or_begun(NAME, cursor, MastodonPlace())


def next_step(place: MastodonPlace, want: Wanted, now: datetime) -> int | None:
    """Return which request comes next: of hosts that rest, or failed in this look, none; None when none is left."""
    steps = want.steps
    for number in range(place.step, len(steps)):
        step = steps[number]
        is_resting = place.rests.get(step.host, 0) > now.timestamp() or step.host in place.failed
        if not is_resting and not _is_idle(step, place):
            return number
    return None


def path_of(step: Step, place: MastodonPlace, want: Wanted) -> str:
    """Return the address of a request on its instance."""
    trends = place.trends.get(step.name.replace("linked", "links").replace("tagged", "tags"), ())
    spot = place.spots.get(spot_of(step, place), Spot())
    if step.kind in {"statuses", "tags", "links"}:
        asked = {"limit": {"statuses": want.page, "tags": MOST_TAGS, "links": _TREND_LINKS}[step.kind]}
        return f"/api/v1/trends/{step.kind}?{urlencode(asked | ({'offset': spot.offset} if spot.offset else {}))}"
    bounds = {"limit": str(want.page)} | spot_bounds(spot)
    if step.kind == "linked":
        return f"/api/v1/timelines/link?{urlencode({'url': trends[step.slot]} | bounds)}"
    if want.is_search:
        return f"/api/v1/timelines/public?{urlencode(bounds | ({'local': 'true'} if want.mode == 'local' else {}))}"
    tags = trends if step.kind == "tagged" else want.tags
    return tags_path(tags, bounds)


def tags_path(tags: Sequence[str], bounds: Mapping[str, str]) -> str:
    """Return the address of the timeline of some hashtags."""
    more = "".join(f"&any[]={quote(tag, safe='')}" for tag in tags[1:])
    return f"/api/v1/timelines/tag/{quote(tags[0], safe='')}?{urlencode(bounds)}{more}"


def spot_of(step: Step, place: MastodonPlace) -> str:
    """Return the name of the spot of a step; the timeline of a link is that of its address, whatever its rank."""
    if step.kind != "linked":
        return step.name
    return f"{step.name} {place.trends[f'{step.host} links'][step.slot]}"


def spot_bounds(spot: Spot) -> dict[str, str]:
    """Return from where on to read: the overlap before the newest, on a later page the last one of this look."""
    if spot.is_first:
        return {"max_id": spot.below} if spot.below else {}
    return {"min_id": spot.at or before(spot.newest, OVERLAP)}


def before(id_: str, time: timedelta) -> str:
    """Return the id of so much earlier; the same where ids do not hold their times (Pleroma, GoToSocial)."""
    if not id_.isascii() or not id_.isdecimal() or (int(id_) >> 16) < _FIRST_SNOWFLAKE:
        return id_
    return str(int(id_) - (int(time.total_seconds() * 1000) << 16))


def id_at(time: datetime) -> str:
    """Return the lowest id of a time: milliseconds, and 16 bits for those of the same one."""
    return str(int(time.timestamp() * 1000) << 16)


def read_on(spot: Spot, ids: Sequence[str], *, is_full: bool) -> Spot:
    """Return the spot after a page forward, given the ids in it, newest first; an answer with nothing new ends it."""
    last = newest([*ids, spot.at])
    is_over = not is_full or last == spot.at
    return _seen(spot, ids, Spot(at="" if is_over else last))


def read_back(spot: Spot, ids: Sequence[str], *, is_more: bool) -> Spot:
    """Return the spot after a page of the first look, given the ids in it, newest first."""
    if not is_more:
        return _seen(spot, ids, Spot())
    return _seen(spot, ids, Spot(below=ids[-1], pages=spot.pages + 1))


def _seen(spot: Spot, ids: Sequence[str], after: Spot) -> Spot:
    top = newest([*ids, spot.newest])
    floor = before(top, OVERLAP)
    # Of the newest each, whichever way pages go.
    seen = dict.fromkeys((*ids, *spot.seen) if not spot.below else (*spot.seen, *ids))
    kept = [each for each in seen if floor == top or not is_older(each, floor)]
    return msgspec.structs.replace(after, newest=top, seen=tuple(kept[:_MOST_SEEN]))


def ranked_on(spot: Spot, count: int, page: int) -> Spot:
    """Return the spot after a page of a ranking: so many places further, from the top again after the last page."""
    offset = spot.offset + count
    return Spot(offset=offset if count >= page and offset < _MOST_RANKED else 0)


def newest(ids: Sequence[str]) -> str:
    """Return the newest of some ids: the largest number, else the first, as pages begin with their newest."""
    known = [each for each in ids if each]
    if all(each.isascii() and each.isdecimal() for each in known):
        return max(known, key=int, default="")
    return known[0]


def is_older(id_: str, floor: str) -> bool:
    """Tell whether an id is of an earlier time than another."""
    return id_.isascii() and id_.isdecimal() and floor.isdecimal() and int(id_) < int(floor)


def _is_idle(step: Step, place: MastodonPlace) -> bool:
    """Tell whether a step has nothing to ask for: fewer tags or links are trending."""
    if step.kind == "tagged":
        return not place.trends.get(f"{step.host} tags")
    return step.kind == "linked" and step.slot >= len(place.trends.get(f"{step.host} links", ()))
