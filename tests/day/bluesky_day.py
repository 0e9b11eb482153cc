"""Bluesky on a simulated day: two servers of Jetstream that keep three hours, each by its own clock, and the search."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.day.platforms import TERM, Ground, Post, Served, moments
from tests.simulators.bluesky_api import IDENTIFIER, PASSWORD, BlueskyApi
from tests.simulators.jetstream import JetstreamServer, Network

KEPT = timedelta(hours=3)
OTHERS_EVERY = timedelta(seconds=50)
"""Somebody else posts so often: a stream that says nothing is not quiet but dead."""


class BlueskyDay(Served):
    """What is told while nobody listens is told again, if that was less than three hours ago; the search has all."""

    name = "bluesky"
    sources = ("bluesky",)

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        draw = random.Random(f"{ground.seed} bluesky")
        self.network = Network(lambda: _us(self.clock.time()))
        self.offsets = (timedelta(0), timedelta(seconds=draw.uniform(-5, 5)))
        self.servers = [
            ground.stack.enter_context(JetstreamServer(self.network, offset, KEPT)) for offset in self.offsets
        ]
        server = ground.server()
        self.addresses = (server.address,)
        self.search = _Search(self, server)
        self.options = {
            "servers": " ".join(each.url for each in self.servers),
            "identifier": IDENTIFIER,
            "password": PASSWORD,
            "service": server.url,
            "appview": server.url,
        }
        coming = (*self._told(draw, ground.hours), *self._others(ground.hours))
        self._coming = sorted(coming, key=lambda each: each[0])
        self._kind: str | None = None

    def pass_time(self) -> None:
        """Let people post, and servers do as they do at this time."""
        kind = self.trouble()
        if kind != self._kind:
            # Who was connected to a server that was deaf would never hear what it left out.
            for server in self.servers:
                server.cut_all()
        self._kind = kind
        for server in self.servers:
            refusals = {"503": (503, "", {}), "429": (429, "", {"Retry-After": "240"})}
            server.refuses = refusals.get(kind or "")
            server.is_garbled, server.is_deaf = kind in {"[]", "renamed"}, kind == "empty"
            if kind == "cut":
                server.drop_after(self.chance.randrange(5), mid_message=True)
        now = self.clock.time()
        while self._coming and self._coming[0][0] <= now:
            self._happen(*self._coming.pop(0))

    @property
    def is_deaf(self) -> bool:
        """Tell whether the servers say nothing now."""
        return self._kind == "empty"

    def last_us(self) -> int:
        """Return the time of the last event as the server that told of it has it; far away when nobody did."""
        if not self.network.log:
            return -1 if any(each.begun for each in self.servers) else 1 << 62
        last = self.network.log[-1].time_us
        told = [offset for server, offset in zip(self.servers, self.offsets, strict=True) if server.sent[-1:] == [last]]
        # Nobody reads into the future: of an event of a clock ahead the time at which it was read is known.
        return last + min(0, *(offset // timedelta(microseconds=1) for offset in told)) if told else 1 << 62

    def _happen(self, shown: datetime, written: datetime | None) -> None:
        if written is None:
            self.network.post("the weather", at=_us(shown))
            return
        uri = self.network.post(f"{TERM} {len(self.planned)}", at=_us(shown), createdAt=written.isoformat())
        self.search.add(f"{TERM} {len(self.planned)}", shown, uri=uri)
        self.planned.append(Post(f"bluesky:{uri}", written, shown))

    def _told(self, draw: random.Random, hours: float) -> Iterator[tuple[datetime, datetime | None]]:
        connected = self.clock.time() + timedelta(seconds=1)
        for written in moments(draw, hours, 10):
            yield max(connected, written + timedelta(seconds=draw.uniform(1, 30))), written

    def _others(self, hours: float) -> Iterator[tuple[datetime, datetime | None]]:
        begin = self.clock.time()
        for number in range(int(timedelta(hours=hours + 4.5) / OTHERS_EVERY)):
            yield begin + (number + 1) * OTHERS_EVERY, None


class _Search(BlueskyApi):
    """The search, which fails when the day says so."""

    def __init__(self, day: BlueskyDay, server: Any) -> None:
        self._day = day
        self.is_calm = True
        super().__init__(server, deepest=150)

    @property
    def fails(self) -> tuple[int, dict[str, str], dict[str, str]] | None:
        """Return how the next request fails: each third, once looking back has begun."""
        if self.is_calm or self._day.chance.random() > 0.3:
            return None
        self._day.faults["search"] = self._day.faults.get("search", 0) + 1
        return self._day.chance.choice(
            [
                (503, {}, {}),
                (429, {"error": "RateLimitExceeded"}, {"ratelimit-remaining": "0", "ratelimit-reset": "60"}),
            ]
        )

    @fails.setter
    def fails(self, value: object) -> None:
        """Leave it to the day."""


def _us(time: datetime) -> int:
    return round(time.timestamp() * 1_000_000)
