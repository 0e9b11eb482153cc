"""X as it would have answered, from posts that are known: what a way of reading costs is tried before it is paid for.

It is asked as X is, by the same source: searches newest first by ids and tokens, counts, and a price for each post.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

import msgspec

from monitor.errors import SourceRejected
from monitor.sources.x_client import Answer
from monitor.sources.x_posts import NAME, id_at
from monitor.sources.x_questions import LATEST
from monitor.sources.x_till import COUNTS, SEARCH

GROWTH = timedelta(hours=6)
"""A post gets its likes in about so much time, evenly: X tells no curve, and a sample must wait for them."""

LIKES = " min_likes:"
STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


class Happened(NamedTuple):
    """A post that there was, and the likes that it got in the end."""

    at: datetime
    likes: int
    text: str = ""


class Rehearsal:
    """Answers as X would have, had it been asked then."""

    def __init__(self, posts: Sequence[Happened]) -> None:
        self._posts = sorted(posts)
        # Each a little greater than the one before, also within a millisecond.
        self._ids: list[int] = list(accumulate(map(id_at, (post.at for post in self._posts)), _next_id))
        self.requests = 0

    def get(self, route: str, params: Mapping[str, object], now: datetime) -> Answer:
        """Answer a search or a count."""
        self.requests += 1
        answers = {SEARCH: self._search, COUNTS: self._counts}
        if route not in answers:
            raise SourceRejected(NAME, f"{route} is not rehearsed")
        return Answer(msgspec.json.encode(answers[route](params, now)), {}, now)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def id_of(self, number: int) -> int:
        """Return the id of a post by its place among all, oldest first."""
        return self._ids[number]

    def _search(self, params: Mapping[str, object], now: datetime) -> dict[str, object]:
        high = min(int(str(params.get("until_id", 1 << 63))), int(str(params.get("next_token", 1 << 63))))
        first = bisect_right(self._ids, int(str(params.get("since_id", 0))))
        last = bisect_left(self._ids, min(high, id_at(now - LATEST)))
        least, size = _least_likes(params), int(str(params["max_results"]))
        found: list[int] = []
        for number in range(last - 1, first - 1, -1):
            if self._likes(number, now) >= least:
                found.append(number)
            if len(found) > size:
                break
        page = found[:size]
        token = {"next_token": str(self._ids[page[-1]])} if len(found) > size else {}
        return {"data": [self._row(number, now) for number in page], "meta": {"result_count": len(page)} | token}

    def _counts(self, params: Mapping[str, object], now: datetime) -> dict[str, object]:
        start = datetime.fromisoformat(str(params.get("start_time", (now - timedelta(days=7)).isoformat())))
        step, least = STEPS[str(params["granularity"])], _least_likes(params)
        numbers = range(bisect_left(self._ids, id_at(start)), bisect_left(self._ids, id_at(now - LATEST)))
        counts = {start: 0}  # X names every time, also one without posts; the first says from when on it counted
        for number in numbers:
            if self._likes(number, now) >= least:
                begin = max(start, _floor(self._posts[number].at, step))
                counts[begin] = counts.get(begin, 0) + 1
        return {"data": [{"start": at, "end": at + step, "tweet_count": count} for at, count in sorted(counts.items())]}

    def _likes(self, number: int, now: datetime) -> int:
        post = self._posts[number]
        return int(post.likes * min(1.0, (now - post.at) / GROWTH))

    def _row(self, number: int, now: datetime) -> dict[str, object]:
        metrics = {"like_count": self._likes(number, now)}
        return {"id": str(self._ids[number]), "text": self._posts[number].text, "public_metrics": metrics}


def _next_id(before: int, wanted: int) -> int:
    return max(before + 1, wanted)


def _least_likes(params: Mapping[str, object]) -> int:
    return int(str(params["query"]).rpartition(LIKES)[2]) if LIKES in str(params["query"]) else 0


def _floor(time: datetime, step: timedelta) -> datetime:
    return time - (time - datetime(1970, 1, 1, tzinfo=UTC)) % step
