"""How far a query of X was read: its cursor, and what is asked next. Pure.

    since ─────────────┬─ hole ─┬───────── page 2 ◄─── page 1 ◄─ now        newest first, a page per fetch
    (low, not asked)   low     high       next_token

The next look begins at the newest id of the last one, or two minutes before it was made, whichever is earlier: posts
surface late. What was seen there is left out. When a look needs too many pages, what is left of it is a hole, and is
filled by later looks.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Coverage, Cursor
from monitor.nouns.coverage import sample_why
from monitor.sources.x_plan import SAMPLE_EVERY, SAMPLE_WINDOW, Planned, sampled
from monitor.sources.x_posts import NAME, id_at, time_of
from monitor.topics.queries.repacking import begin_of

OVERLAP = timedelta(minutes=2)
"""The end of a search is 30 s before now by X's own rule, and posts surface later than that."""

REACH = timedelta(days=7) - timedelta(minutes=10)
"""Recent search goes back seven days; an older since_id is refused, and a look takes some minutes."""

FRESH = timedelta(minutes=10)
"""For so long a next_token is used; afterwards the same page is asked for by ids."""

MOST_HOLES = 5
PAGE = 100
LEAST_PAGE = 10


class Hole(msgspec.Struct, frozen=True, array_like=True):
    """What lies between two ids, both excluded, was not read."""

    low: int
    high: int


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A look that is not over. `high` is None for one up to now, `begun` and `asked` are ms since 1970.

    `newest` and `oldest` are ids that were seen, `pages` counts those of this waking up, `recent` are ids within the
    overlap, `found` counts posts, `fresh` those that were not known.
    """

    low: int
    high: int | None = None
    token: str | None = None
    begun: int = 0
    asked: int = 0
    newest: int = 0
    oldest: int = 0
    pages: int = 0
    found: int = 0
    fresh: int = 0
    recent: list[int] = []
    is_hole: bool = False


class XPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a query was read.

    `seen` are ids above `low`, `read_to` is the end of what was covered (ms), `total` counts posts since then, `busy`
    are alternatives that crowd out the others.
    """

    low: int
    seen: list[int] = []
    step: Step | None = None
    holes: list[Hole] = []
    plan: Planned | None = None
    read_to: int = 0
    total: int = 0
    busy: list[str] = []


class Found(NamedTuple):
    """What a page of a search held."""

    ids: Sequence[int]
    token: str | None
    served_at: datetime


class Moved(NamedTuple):
    """Where a query is after a page: whether the next is asked at once, and what was covered."""

    place: XPlace
    more: bool = False
    coverage: Coverage | None = None
    not_before: datetime | None = None


def place_of(cursor: Cursor | None, now: datetime) -> XPlace:
    """Return the place that a cursor tells; raise PayloadChanged for one that nobody wrote."""
    try:
        begin = begin_of(cursor, now)
        if begin is not None:
            late = OVERLAP if cursor else timedelta(0)  # an earlier query may have read up to there, but for late posts
            return XPlace(low=id_at(begin - late), read_to=_ms(begin))
        return msgspec.json.decode(cursor or "", type=XPlace)
    except (msgspec.MsgspecError, ValueError) as e:
        raise PayloadChanged(NAME, f"the stored cursor cannot be read: {e}") from e


def step_of(place: XPlace, now: datetime) -> Step:
    """Return the look that goes on, or begins: never further back than X goes."""
    step, oldest = place.step, id_at(now - REACH)
    if step is None:
        low = id_at(now - SAMPLE_WINDOW) if is_sampling(place) else place.low
        return Step(low=max(low, oldest))
    if step.token is not None and now - _time(step.asked) <= FRESH:
        return step
    return msgspec.structs.replace(step, token=None, high=step.oldest or step.high, low=max(step.low, oldest))


def is_sampling(place: XPlace) -> bool:
    """Tell whether only the most liked posts are read."""
    return place.plan is not None and place.plan.mode == "sample"


def after(place: XPlace, step: Step, found: Found, most_pages: int) -> Moved:
    """Return where a query is after a page of its look."""
    is_denied = step.found > 0 and not found.ids  # the page before told of more: what it told of is a hole
    step = _with(place, step, found)
    if found.token is not None and step.pages < most_pages * (2 if _is_nearly_through(place, step) else 1):
        return Moved(msgspec.structs.replace(place, step=step), more=True)
    if is_sampling(place):
        return _sampled(place, step, is_cut=found.token is not None)
    is_rest = (found.token is not None or is_denied) and step.oldest
    rest = [Hole(step.low, step.oldest)] if is_rest else []
    return _filled(place, step, rest) if step.is_hole else _read(place, step, rest, most_pages)


def _is_nearly_through(place: XPlace, step: Step) -> bool:
    """Tell whether only the overlap is left: no hole is made of it, for its time counts as read already."""
    return not is_sampling(place) and bool(step.oldest) and step.oldest < id_at(_time(place.read_to))


def _with(place: XPlace, step: Step, found: Found) -> Step:
    begun = step.begun or _ms(found.served_at)
    recent = id_at(_time(begun) - OVERLAP)
    kept = id_at(found.served_at - SAMPLE_WINDOW) if is_sampling(place) else recent
    known = set(place.seen)
    return msgspec.structs.replace(
        step,
        token=found.token,
        begun=begun,
        asked=_ms(found.served_at),
        newest=max([step.newest, *found.ids]),
        oldest=min([step.oldest or 1 << 63, *found.ids]) if found.ids or step.oldest else 0,
        pages=step.pages + 1,
        found=step.found + len(found.ids),
        fresh=step.fresh + len(set(found.ids) - known),
        recent=[*step.recent, *(each for each in found.ids if each > kept)],
    )


def _read(place: XPlace, step: Step, rest: list[Hole], most_pages: int) -> Moved:
    """Return the place after a look up to now, and go on with a hole while there are pages left."""
    end = _time(step.begun)
    low = max(place.low, min(step.newest, id_at(end - OVERLAP))) if step.newest else max(place.low, step.low)
    seen = sorted({*place.seen, *step.recent})
    holes = [hole for hole in [*rest, *place.holes] if hole.high > id_at(end - REACH)][:MOST_HOLES]
    begin = time_of(step.oldest) if rest else time_of(step.low)
    hole = holes[0] if holes and not rest and step.pages < most_pages else None
    following = None if hole is None else Step(low=hole.low, high=hole.high, pages=step.pages, is_hole=True)
    moved = msgspec.structs.replace(
        place, low=low, seen=[each for each in seen if each > low], holes=holes, step=following, read_to=step.begun
    )
    coverage = Coverage(start=min(begin or end, end), end=end)
    return Moved(moved, more=following is not None, coverage=coverage)


def _filled(place: XPlace, step: Step, rest: list[Hole]) -> Moved:
    """Return the place after a hole was filled, as far as pages went."""
    holes = [*rest, *place.holes[1:]]  # the first one is filled first
    begin, end = time_of(step.oldest if rest else step.low), time_of(step.high or 0)
    done = msgspec.structs.replace(place, holes=holes, step=None)
    if begin is None or end is None or begin >= end:
        return Moved(done)
    why = "" if step.found else "X shows nothing where it told of more"
    return Moved(done, coverage=Coverage(start=begin, end=end, truncated=bool(why), why=why))


def _sampled(place: XPlace, step: Step, *, is_cut: bool) -> Moved:
    """Return the place after the most liked posts of a day were read."""
    assert place.plan is not None, "who samples has a plan"
    end = _time(step.begun)
    seen = sorted(each for each in {*place.seen, *step.recent} if each > id_at(end - SAMPLE_WINDOW))
    moved = msgspec.structs.replace(
        place,
        low=max(place.low, id_at(end - OVERLAP)),
        seen=seen,
        step=None,
        plan=sampled(place.plan, step.found, is_cut=is_cut),
        read_to=step.begun,
        total=0,
    )
    return Moved(moved, coverage=partial(place, step.fresh, end), not_before=end + SAMPLE_EVERY)


def partial(place: XPlace, read: int, end: datetime) -> Coverage:
    """Return what was covered of a time of which only some posts were read."""
    start = _time(place.read_to) if place.read_to else end - SAMPLE_EVERY
    return Coverage(start=min(start, end), end=end, truncated=True, why=sample_why(read, max(read, place.total)))


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
