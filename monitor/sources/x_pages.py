"""A page of X: what was asked, what came, and what that makes of the place of its query. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Batch, Post
from monitor.nouns.coverage import Tally
from monitor.seams.budget import Prices
from monitor.sources.cursors import cursor_of
from monitor.sources.surrogates import repair
from monitor.sources.x_place import Found, Moved, Step, XPlace, after, is_sampling, partial
from monitor.sources.x_plan import SAMPLE_EVERY, Facts, Planned, allowance, choose, probed
from monitor.sources.x_posts import NAME, RawPost, User, id_at, post_of, read_post

DAY = timedelta(days=1)
HOUR, HOUR_MS = timedelta(hours=1), 3_600_000
MANY = 50
"""Posts of a page from which one can tell what crowds it."""

SHORTEST = timedelta(minutes=10)
"""A shorter time says nothing of how much there is in a day."""


class XPage(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is handed on: what it answers, X's clock (ms), what it cost, what is left, and its body."""

    kind: Literal["search", "counts", "probe", "nothing"]
    served_at: int
    cost: float
    left: int
    body: bytes

    @property
    def at(self) -> datetime:
        """Return X's clock."""
        return _time(self.served_at)


class ReadingTerms(NamedTuple):
    """What it costs to read, and how many pages one waking up may take."""

    prices: Prices
    most_pages: int


class _Meta(msgspec.Struct, frozen=True, kw_only=True):
    next_token: str | None = None
    result_count: int | None = None


class _Includes(msgspec.Struct, frozen=True, kw_only=True):
    users: list[User] = []
    tweets: list[msgspec.Raw] = []
    posts: list[msgspec.Raw] = []


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A partial error: a thing that was asked for, or referred to, and is not shown."""

    type: str = ""
    title: str = ""
    parameter: str = ""
    resource_type: str = ""
    resource_id: str = ""
    value: str = ""

    @property
    def id(self) -> str:
        """Return the id of the thing."""
        return self.resource_id or self.value


class XListing(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that lists posts; they are decoded one by one, so that a broken one costs itself only."""

    data: list[msgspec.Raw] = []
    includes: _Includes = _Includes()
    errors: list[Problem] = []
    meta: _Meta = _Meta()


class _Count(msgspec.Struct, frozen=True, kw_only=True):
    start: datetime
    end: datetime
    tweet_count: int | None = None
    post_count: int | None = None

    @property
    def count(self) -> int:
        return self.post_count if self.post_count is not None else self.tweet_count or 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that counts posts by hour or minute."""

    data: list[_Count]


class _Id(msgspec.Struct, frozen=True):
    id: str


def listing_of(body: bytes) -> XListing:
    """Return what an answer lists; raise PayloadChanged."""
    try:
        found = msgspec.json.decode(repair(body), type=XListing)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e
    if not (found.data or found.errors or found.meta.result_count is not None):
        raise PayloadChanged(
            NAME, "the answer is none of a search: it neither lists posts nor says that there are none"
        )
    return found


def counts_of(body: bytes) -> dict[datetime, int]:
    """Return how many posts there were from when on; raise PayloadChanged."""
    try:
        found = msgspec.json.decode(body, type=Counts)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the counts have another shape than expected: {e}") from e
    return {each.start: each.count for each in found.data}


class Reader:
    """Reads the items of a listing. Of a repeated post the words are those of the original, where they came along."""

    def __init__(self, listing: XListing, now: datetime) -> None:
        self._now = now
        self._users: Mapping[str, User] = {user.id: user for user in listing.includes.users}
        self._originals = {raw.id: raw for raw in _decodable(listing.includes)}

    def post(self, raw: bytes) -> Post:
        """Return the post of an item."""
        post = read_post(raw, self._now, self._users)
        original = self._originals.get(post.repost_of or "")
        if original is None:
            return post
        shown = post_of(original, self._now, self._users)
        return msgspec.structs.replace(post, text=shown.text, links=shown.links)


def moved(place: XPlace, step: Step, page: XPage, terms: ReadingTerms) -> Moved:
    """Return where a query is after a page."""
    if page.kind == "counts":
        return _counted(place, page, terms)
    if page.kind == "probe":
        assert place.plan is not None, "who probes has a plan"
        liked = sum(counts_of(page.body).values())
        return Moved(msgspec.structs.replace(place, plan=probed(place.plan, liked)), more=True)
    if page.kind == "nothing":
        return _rested(place, step, page, terms)
    listing = listing_of(page.body)
    found = Found([id_ for raw in listing.data if (id_ := id_of(raw))], listing.meta.next_token, page.at)
    next_ = after(place, step, found, _pages(place, terms))
    if place.plan is None and not next_.more:
        return next_._replace(place=msgspec.structs.replace(next_.place, plan=Planned(at=page.served_at)))
    if next_.more or is_sampling(place):
        return next_
    return next_ if _is_affordable(next_, step.found + len(found.ids), page, terms) else _unplanned(next_)


def crowding(texts: Collection[str], atoms: Collection[str]) -> list[str]:
    """Return the alternatives of a query of which each alone brought more than a third of many posts.

    Told by words in a hurry: what is asked for as one word or phrase, and stands in the text.
    """
    if len(texts) < MANY or len(atoms) < 2:
        return []
    folded = [text.casefold() for text in texts]
    simple = {atom: atom.strip('"#').casefold() for atom in atoms if not atom.startswith(("(", "url:"))}
    counts = {atom: sum(word in text for text in folded) for atom, word in simple.items()}
    return sorted(atom for atom, count in counts.items() if count * 3 > len(texts))


def tallies_of(counts: Mapping[datetime, int], at: datetime) -> tuple[Tally, ...]:
    """Return counts by the hour, up to a time; an hour of which only the end was counted is left out."""
    totals = Counter[datetime]()
    for start, count in counts.items():
        totals[_full_hour(start)] += count
    first = min(counts, default=at)
    begun = [hour for hour in sorted(totals) if first <= hour < at]
    return tuple(Tally(start=hour, until=min(hour + HOUR, at), posts=totals[hour]) for hour in begun)


def batch_of(page: XPage, where: Moved) -> Batch:
    """Return a batch without posts: where the query is, its cost, and what X counted where not all is read."""
    is_read = where.place.plan is None or where.place.plan.mode == "all"
    is_tallied = page.kind == "counts" and not is_read
    return Batch(
        tallies=tallies_of(counts_of(page.body), page.at) if is_tallied else (),
        cursor=cursor_of(where.place),
        more=where.more,
        coverage=where.coverage,
        cost=page.cost,
        not_before=where.not_before,
    )


def edits_apart(batch: Batch) -> Batch:
    """Return a batch with later versions of posts as edits: who has an earlier one must not keep its words."""
    return msgspec.structs.replace(
        batch,
        posts=tuple(post for post in batch.posts if post.edited_from is None),
        edits=tuple(post for post in batch.posts if post.edited_from is not None),
    )


def _rested(place: XPlace, step: Step, page: XPage, terms: ReadingTerms) -> Moved:
    """Return the place when nothing had to be asked: there is nothing between two ids, or only counts are read."""
    if place.plan is not None and place.plan.mode == "counts":
        return Moved(place, not_before=page.at + SAMPLE_EVERY / 2)
    return after(place, step, Found((), None, page.at), terms.most_pages)


def _pages(place: XPlace, terms: ReadingTerms) -> int:
    if place.plan is not None and place.plan.mode == "sample":
        return max(1, -(-place.plan.posts // 100))
    return terms.most_pages


def _counted(place: XPlace, page: XPage, terms: ReadingTerms) -> Moved:
    """Plan anew by what was counted: since the last look, or in the day before when there was none."""
    counts, since = counts_of(page.body), place.read_to
    recent = page.at - DAY
    begin = recent if place.plan is None or not since else _time(since).replace(second=0, microsecond=0)
    total = sum(count for start, count in counts.items() if start >= begin)
    span = max(page.at - begin, SHORTEST)
    plan = choose(Facts(total * (DAY / span), allowance(page.left, page.at), page.left), terms.prices)
    before = place.plan or Planned()
    is_same = before.mode == plan.mode and _is_same_day(before.at, page.served_at)
    posts = before.posts if is_same else plan.posts  # what is left of a day shrinks, what a day is given does not
    planned = Planned(
        mode=plan.mode,
        likes=before.likes,
        posts=posts,
        fits=before.fits and before.posts <= posts,
        counted=total,
        at=page.served_at,
    )
    # Of a first count by the hour, what lies after the place counts whole hours: about as many as were missed.
    missed = sum(count for start, count in counts.items() if start.timestamp() * 1000 >= since - HOUR_MS / 2)
    since_total = place.total + (missed if place.plan is None else total)
    planned_place = msgspec.structs.replace(place, plan=planned, total=since_total)
    if plan.mode == "all":
        step = place.step and msgspec.structs.replace(place.step, token=None)  # its page had another size
        return Moved(msgspec.structs.replace(planned_place, step=step, total=0), more=True)
    resting = msgspec.structs.replace(planned_place, step=None, holes=[])  # there is no money to fill them
    if plan.mode == "sample":
        return Moved(resting, more=True)
    low = max(place.low, id_at(page.at - timedelta(minutes=2)))
    done = msgspec.structs.replace(resting, read_to=page.served_at, total=0, low=low)
    return Moved(done, coverage=partial(resting, 0, page.at), not_before=page.at + SAMPLE_EVERY)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _full_hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def _is_same_day(before: int, after: int) -> bool:
    return before // 86_400_000 == after // 86_400_000


def _is_affordable(next_: Moved, posts: int, page: XPage, terms: ReadingTerms) -> bool:
    """Tell whether what is left of the day is enough if posts go on coming as they did in this look."""
    covered = next_.coverage
    if covered is None:
        return True
    per_second = posts / max(covered.end - covered.start, SHORTEST).total_seconds()
    midnight = page.at.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    return per_second * (midnight - page.at).total_seconds() * terms.prices.post <= page.left


def _unplanned(next_: Moved) -> Moved:
    return next_._replace(place=msgspec.structs.replace(next_.place, plan=None))


def id_of(raw: bytes) -> int:
    """Return the id of an item; one that has none is sorted out elsewhere and counts as the oldest."""
    try:
        return int(msgspec.json.decode(raw, type=_Id).id)
    except (msgspec.MsgspecError, ValueError):
        return 0


def _decodable(includes: _Includes) -> list[RawPost]:
    found = []
    for raw in (*includes.tweets, *includes.posts):
        try:
            found.append(msgspec.json.decode(raw, type=RawPost))
        except msgspec.MsgspecError:
            continue  # without it, what refers to it keeps its own words
    return found
