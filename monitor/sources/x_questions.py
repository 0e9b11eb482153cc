"""What X is asked next for a query: to search, to count, or nothing. Pure."""

from datetime import UTC, datetime, timedelta

from monitor.sources.x_place import REACH, Step, XPlace, is_sampling
from monitor.sources.x_plan import SAMPLE_EVERY, SAMPLE_WINDOW

LATEST = timedelta(seconds=30)
"""What is younger is neither found nor counted yet, by X's own rule."""

BACKLOG = timedelta(hours=3)
"""A time that was not read, from which it is counted before it is read."""

COUNTED_LATELY = 0.8
"""The share of the time between two counts before which posts are not counted again."""


def is_idle(place: XPlace, step: Step, now: datetime) -> bool:
    """Tell whether nothing is to be asked: nothing lies between two ids, or posts are only counted and just were."""
    if step.high is not None and step.high <= step.low + 1:
        return True
    return place.plan is not None and place.plan.mode == "counts" and not is_count_due(place, now)


def is_count_due(place: XPlace, now: datetime) -> bool:
    """Tell whether posts are counted first: a new query has more than a small page, or only a sample is read."""
    if place.plan is None:
        return place.step is not None and place.step.token is not None
    if now.timestamp() - place.plan.at / 1000 < (SAMPLE_EVERY * COUNTED_LATELY).total_seconds():
        return False
    if place.plan.mode == "all":
        # The money was spent, or nobody looked: to read all of it could cost what the whole day has.
        return now.timestamp() - place.read_to / 1000 > BACKLOG.total_seconds()
    return place.step is None


def counting(query: str, place: XPlace, now: datetime) -> dict[str, object]:
    """Return what to count: by the hour for a week at first, later by the minute from the hour of the last look on."""
    if place.plan is None or not place.read_to:
        return {"query": query, "granularity": "hour"}
    last, oldest = datetime.fromtimestamp(place.read_to / 1000, UTC) - LATEST, now - REACH
    # Whole hours, so that counting one again replaces what was counted of it before, up to its last half minute.
    since = max(each.replace(minute=0, second=0, microsecond=0) for each in (last, oldest + timedelta(hours=1)))
    return {"query": query, "granularity": "minute", "start_time": written_time(since)}


def probing(query: str, place: XPlace, now: datetime) -> dict[str, object]:
    """Return what to count so that it is known how many posts a sample would bring."""
    since = now - SAMPLE_WINDOW
    return {"query": liked(query, place), "granularity": "hour", "start_time": written_time(since)}


def liked(query: str, place: XPlace) -> str:
    """Return a query for the posts that are liked as much as the plan wants; the query itself when all are read."""
    if place.plan is None or not is_sampling(place):
        return query
    text = query if query.startswith("(") and query.endswith(")") else f"({query})"
    return f"{text} min_likes:{place.plan.likes}"


def searching(query: str, place: XPlace, step: Step) -> dict[str, object]:
    """Return what to search for. Ids are numbers: as text 9 would come after 10."""
    high = {} if step.high is None else {"until_id": step.high}
    token = {} if step.token is None else {"next_token": step.token}
    return {"query": liked(query, place), "since_id": step.low} | high | token


def written_time(time: datetime) -> str:
    """Return a time as X takes it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
