"""X on a simulated day: paid by the post, with an hour that may cost more than there is, and a clock of its own."""

import json
import random
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from monitor.seams.budget import Ledger
from tests.day.platforms import TERM, Ground, Post, Served, moments
from tests.simulators.x_api import PRICES, TOKEN, XServer
from tests.simulators.x_world import METRICS, SimPost, World, id_at

BUDGETS = (1, 3, 9)
"""US dollars in a UTC day; all posts of a day cost about two. With little only a sample is read, or a count."""

OVERLAP = timedelta(minutes=4)
"""A look begins two minutes before the end of the one before, as posts surface late; clocks differ by less than that.
What it shows again is free, but for midnight."""


class XDay(Served):
    """Recent search: newest first, a token for each next page. The simulator's own meter says what was paid."""

    name = "x"
    sources = ("x",)

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        draw = random.Random(f"{ground.seed} x")
        self.world = _World(self, timedelta(seconds=draw.uniform(-25, 25)), draw.choice(("tweet", "post")))
        self.budget = draw.choice(BUDGETS)
        if self.budget < max(BUDGETS):
            # Known to fail: hours of empty answers count as read. If the money ends before what they hid is read, and
            # keywords are packed anew then, nobody says that it is missing.
            self.troubles = [each for each in self.troubles if each.kind != "empty"]
        server = ground.stack.enter_context(XServer(self.world, is_judged=False))
        self.options = {
            "url": server.url,
            "token": TOKEN,
            "budget": str(self.budget),
            "vocabulary": self.world.words,
            "pages": "3",
        }
        busy = draw.uniform(0.2, 0.5) * ground.hours
        written = [*moments(draw, ground.hours, 12), *moments(draw, busy + 1, 250, busy)]
        for serial, when in enumerate(sorted(written)):
            shown = when + timedelta(seconds=draw.uniform(30, 100))
            metrics = dict.fromkeys(METRICS, 0) | {"like_count": int(1 / max(draw.random(), 0.002))}
            post = SimPost(id_at(when) + serial, f"{TERM} {serial}", metrics=metrics, surfaced=shown)
            self.world.posts.append(post)
            self.planned.append(Post(f"x:{post.id}", when, shown))

    def misjudged(self, ledgers: Mapping[str, Ledger], kills: int) -> Iterator[str]:
        """Yield what is wrong with our meter: it says less than X's, more than kills explain, or than the budget.

        Days are taken together, for X's midnight is not ours. Who is killed between an answer and its settling leaves a
        page at most that counts as spent.
        """
        billed, ours = sum(self.world.spent.values()), sum(ledger.spent for ledger in ledgers.values())
        if ours < billed:
            yield f"x: it billed {billed} micro-dollars, and our meter says {ours}"
        if ours > billed + (kills + self.world.losses) * 100 * PRICES["post"]:
            yield f"x: it billed {billed} micro-dollars, and our meter says {ours}: more than kills explain"
        for day, ledger in ledgers.items():
            if ledger.spent > self.budget * 1_000_000:
                yield f"x: on {day} our meter says {ledger.spent} micro-dollars, more than the budget"

    def paid_twice(self, excused: Container[str]) -> Iterator[str]:
        """Yield posts that were billed on two days without need: they stood in a page that somebody lived to store.

        Whoever samples the day before reads it anew each day, so only a budget for everything is judged.
        """
        if self.budget < max(BUDGETS):
            return
        [midnight, *_] = sorted(day for day in self.world.billed if self.world.billed[day])[1:] or ["9999-12-31"]
        begin = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
        stored: set[str] = set()
        for query in {json.loads(each.asked)["query"] for each in self.ledger}:
            before = [e for e in self.ledger if json.loads(e.asked)["query"] == query and e.at < begin]
            kept = [each for each in before if each.asked not in excused]
            until = max((each.at for each in kept), default=begin) - OVERLAP
            known = {post.key: post.written for post in self.planned}
            stored |= {key for each in kept for key in each.keys if known[key] < until}
        again = {name.replace("post ", "x:") for name in self.world.billed[midnight]}
        yield from sorted(stored & again)


class _World(World):
    """X's world on the day's clock, wrong by a little. What goes wrong is drawn for each request."""

    def __init__(self, day: XDay, skew: timedelta, words: str) -> None:
        self._day, self._skew = day, skew
        self.losses = 0
        super().__init__(day.clock.time(), words)

    @property
    def now(self) -> datetime:
        """Return the time on its clock."""
        return self._day.clock.time() + self._skew

    @now.setter
    def now(self, value: datetime) -> None:
        """Leave it to the clock of the day."""

    def fault(self) -> tuple[int, Mapping[str, str], bytes] | None:
        """Return what is answered in place of a good answer."""
        match self._day.trouble():
            case "503":
                return 503, {}, b"<html>Over capacity</html>"
            case "429":
                reset = str(int((self.now + timedelta(minutes=4)).timestamp()))
                said = json.dumps({"title": "Too Many Requests", "status": 429}).encode()
                return 429, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}, said
            case "[]":
                return 200, {}, b"[]"
            case "empty":
                return 200, {}, b'{"meta": {"result_count": 0}}'
            case "renamed":
                return 200, {}, b'{"statuses": [{"id": 7, "full_text": "new"}], "search_metadata": {}}'
            case "cut":
                self.drops, self.losses = 1, self.losses + 1  # it is billed, and lost on its way
        return None

    def bill(self, kind: str, names: Iterable[str], price: int) -> None:
        """Write down what is paid for, and a page that arrives."""
        named = list(names)
        super().bill(kind, named, price)
        path, args = self.asked[-1]
        if kind == "post" and path.endswith("/search/recent") and not self.drops:
            self._day.note(json.dumps(args, sort_keys=True), [f"x:{each}" for each in named])
