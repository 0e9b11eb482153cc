"""Two instances of Mastodon on a simulated day. Most statuses reach both, some late; one instance is away for hours."""

import random
from datetime import timedelta

from monitor.sources.mastodon_status import key_of
from tests.day.platforms import TERM, Ground, Post, Served, Trouble, moments
from tests.simulators.feed_server import FeedServer, HttpRequest
from tests.simulators.mastodon import LIMIT, Instance

HOSTS = ("one.example", "two.example")
AWAY = (0.25, 0.5)
"""The share of the day in which the second instance refuses everybody."""


class MastodonDay(Served):
    """Timelines of a hashtag, oldest first behind what is known: an instance that was away is read afterwards."""

    name = "mastodon"
    sources = ("mastodon",)

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        draw = random.Random(f"{ground.seed} mastodon")
        servers = [ground.server() for _ in HOSTS]
        self.addresses = tuple(each.address for each in servers)
        self.options = {"instances": " ".join(each.url for each in servers)}
        self.instances = [_Served(self, host, server) for host, server in zip(HOSTS, servers, strict=True)]
        begin, end = (share * ground.hours for share in AWAY)
        self.away = Trouble(begin, end, "gone")
        for number, when in enumerate(moments(draw, ground.hours, 12)):
            home, reaches = draw.randrange(len(HOSTS)), draw.random() < 0.7
            shown = when + timedelta(seconds=draw.uniform(0, 60))
            uri = f"https://{HOSTS[home]}/users/ann/statuses/{number}"
            self.planned.append(Post(str(key_of(uri)), when, shown))
            for place, instance in enumerate(self.instances):
                late = timedelta(0) if place == home else timedelta(seconds=draw.uniform(0, 180))
                if place == home or reaches:
                    instance.planned.append((shown + late, number, uri, when))

    def is_away(self) -> bool:
        """Tell whether the second instance refuses everybody now."""
        return self.away.start <= self.clock.hours() < self.away.end


class _Served:
    """An instance, and what it will know when."""

    def __init__(self, day: MastodonDay, host: str, server: FeedServer) -> None:
        self._day = day
        self.instance = Instance(host, day.clock.time)
        self.planned: list[tuple] = []  # type: ignore[type-arg]
        server.serve_everything(self)

    def __call__(self, asked: HttpRequest) -> None:
        """Answer, or fail to."""
        day, now = self._day, self._day.clock.time()
        if self is day.instances[1] and day.is_away():
            return asked.answer(403, b'{"error": "This instance is closed for maintenance"}')
        for planned in [each for each in self.planned if each[0] <= now]:
            self.planned.remove(planned)
            _, number, uri, when = planned
            self.instance.post(f"{TERM} {number}", when, tags=(TERM,), uri=uri)
        kind = day.trouble()
        self.instance.limit = 0 if kind == "429" else LIMIT
        match kind:
            case "503":
                return asked.answer(503)
            case "cut":
                return asked.head(200, {"Content-Length": "500"})
            case "[]" | "empty":
                return asked.answer(200, b"[]", {"Content-Type": "application/json"})
            case "renamed":
                return asked.answer(200, b'[{"statusId": 7, "note": "new"}]', {"Content-Type": "application/json"})
        self.instance(asked)
        found = self.instance.answers[-1]
        if kind is None and "/timelines/tag/" in asked.path:
            day.note(asked.path, [str(key_of(each["uri"])) for each in found])
        return None
