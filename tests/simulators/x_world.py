"""What a simulated X knows: posts with snowflake ids, who asked, and what that cost."""

from bisect import insort
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH_MS = 1_288_834_974_657
DAY = timedelta(days=1)
RENAMED = {
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "total_tweet_count": "total_post_count",
}
"""What the newer vocabulary calls things."""

PROBLEMS, NEW_PROBLEMS = "https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/"


@dataclass
class SimPost:
    """A post. `versions` are the ids of its edits, oldest first; the last one is its own."""

    id: int
    text: str
    lang: str = "en"
    author: str = "1001"
    metrics: Mapping[str, int] = field(default_factory=dict)
    urls: Sequence[str] = ()
    reference: tuple[str, int] | None = None
    versions: tuple[int, ...] = ()
    note: str | None = None
    surfaced: datetime | None = None
    is_gone: bool = False

    def __lt__(self, other: "SimPost") -> bool:
        return self.id < other.id

    @property
    def at(self) -> datetime:
        """Return when it was made: its id says so."""
        return datetime.fromtimestamp(((self.id >> 22) + EPOCH_MS) / 1000, UTC)

    def fields(self) -> dict[str, Any]:
        """Return all of it in the older vocabulary."""
        links = [
            {"start": 0, "end": 1, "url": f"https://t.co/{n:010}", "expanded_url": url}
            for n, url in enumerate(self.urls)
        ]
        found: dict[str, Any] = {
            "id": str(self.id),
            "text": self.text[:280],
            "edit_history_tweet_ids": [str(each) for each in self.versions or (self.id,)],
            "author_id": self.author,
            "created_at": f"{self.at:%Y-%m-%dT%H:%M:%S}.{self.at.microsecond // 1000:03}Z",
            "lang": self.lang,
            "public_metrics": dict(self.metrics),
        }
        if links:
            found["entities"] = {"urls": links}
        if self.note is not None or len(self.text) > 280:
            found["note_tweet"] = {"text": self.note or self.text}
        if self.reference is not None:
            found["referenced_tweets"] = [{"type": self.reference[0], "id": str(self.reference[1])}]
        return found


def id_at(time: datetime) -> int:
    """Return the smallest id of a time."""
    return max(0, int(time.timestamp() * 1000) - EPOCH_MS) << 22


METRICS = ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")


class World:
    """Everything on the server. `now` is its clock; `credit` is in micro-dollars, None for no end of it."""

    def __init__(self, now: datetime, words: str = "tweet") -> None:
        self.now = now
        self.words = words
        self.posts: list[SimPost] = []
        self.credit: int | None = None
        self.billed: defaultdict[str, set[str]] = defaultdict(set)
        self.spent: Counter[str] = Counter()
        self.returned = 0
        self.faults: deque[tuple[int, Mapping[str, str], bytes]] = deque()
        self.remaining: dict[str, int] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.complaints: list[str] = []
        self.drops = 0
        self.longest_query = 512
        self._serial = 0

    def post(self, text: str, *, ago: timedelta = timedelta(0), likes: int = 0, **more: Any) -> SimPost:
        """Write a post so long ago."""
        self._serial += 1
        ms = int((self.now - ago).timestamp() * 1000) - EPOCH_MS
        metrics = dict.fromkeys(METRICS, 0) | {"like_count": likes} | more.pop("metrics", {})
        made = SimPost((ms << 22) + self._serial % (1 << 22), text, metrics=metrics, **more)
        insort(self.posts, made)
        return made

    def edit(self, post: SimPost, text: str) -> SimPost:
        """Edit a post: the new version has an id of its own."""
        after = self.post(text, likes=post.metrics["like_count"], author=post.author)
        after.versions = (*(post.versions or (post.id,)), after.id)
        post.versions = after.versions
        post.is_gone = False
        self.posts.remove(post)
        self.older[post.id] = post
        return after

    @property
    def older(self) -> dict[int, SimPost]:
        """Return versions that are not found by searches any more."""
        return self.__dict__.setdefault("_older", {})

    def visible(self) -> Iterable[SimPost]:
        """Return what searches may find, newest first."""
        edge = id_at(self.now - timedelta(seconds=30))
        for post in reversed(self.posts):
            if not post.is_gone and post.id <= edge and (post.surfaced is None or post.surfaced <= self.now):
                yield post

    def find(self, id_: int) -> SimPost | None:
        """Return a post by the id of one of its versions."""
        if id_ in self.older:
            newest = self.older[id_].versions[-1]
            return None if self.find(newest) is None else self.older[id_]
        return next((each for each in self.posts if each.id == id_ and not each.is_gone), None)

    def fault(self) -> tuple[int, Mapping[str, str], bytes] | None:
        """Return what is answered in place of a good answer; None when nothing is wrong."""
        return self.faults.popleft() if self.faults else None

    def bill(self, kind: str, names: Iterable[str], price: int) -> None:
        """Write down what is paid for, each thing once in a UTC day."""
        day = self.now.date().isoformat()
        fresh = {f"{kind} {name}" for name in names} - self.billed[day]
        self.billed[day] |= fresh
        self.spent[day] += price * len(fresh)
        if self.credit is not None:
            self.credit -= price * len(fresh)

    def usage(self) -> dict[str, int]:
        """Return how many posts were paid for, by UTC day."""
        return {day: sum(name.startswith("post ") for name in names) for day, names in self.billed.items()}

    def in_words(self, value: Any) -> Any:
        """Return an answer in the vocabulary of the server."""
        if self.words == "tweet":
            return value
        if isinstance(value, list):
            return [self.in_words(each) for each in value]
        if isinstance(value, dict):
            return {RENAMED.get(name, name): self.in_words(each) for name, each in value.items()}
        return value.replace(PROBLEMS, NEW_PROBLEMS) if isinstance(value, str) else value
