"""F16: addresses that lead inside, written in every way, by redirects and by names that change their mind: no hit."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from monitor.errors import SourceError
from monitor.sources.http import Client, Limits
from monitor.sources.network import Network
from tests.chaos import Figure, Plan, progress
from tests.simulators.feed_server import FeedServer, moved, status
from tests.unit.sources.test_addresses import REFUSED_4, REFUSED_6
from tests.unit.sources.test_ssrf import PUBLIC, Rehearsal, targets

NAME = "F16 SSRF"
REDIRECTS = (301, 302, 303, 307, 308)
NAMES, NAMES_IN_SHORT = 2_000, 400
GOOD_HOSTS = 200
NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)


def measure(plan: Plan) -> Figure:
    """Try every way in; count what reached a canary, and what should have passed and did not."""
    chance = random.Random(plan.seed)
    with FeedServer() as canary, FeedServer() as server:
        canary.serve_everything(status(200, b"secret"))
        port = int(canary.address.rpartition(":")[2])
        reached = {"direct": direct(port), "redirects": redirected(server, port)}
        progress(NAME, f"{sum(reached.values())} addresses tried")
        reached["names"] = named(port, chance, NAMES if plan.is_long else NAMES_IN_SHORT)
        good = good_hosts(server, chance)
        hits = sum(canary.counts.values())
    tries = sum(reached.values())
    broken = [f"the canary was reached {hits} times"] if hits else []
    broken += [f"{GOOD_HOSTS - good} good hosts were refused"] if good < GOOD_HOSTS else []
    broken += [f"only {tries} tries"] if tries < 2_000 else []
    return Figure(
        name=NAME,
        wanted=f">= 2000 tries, 0 canary hits; {GOOD_HOSTS} of {GOOD_HOSTS} good hosts pass",
        reached={"tries": tries, **reached, "hits": hits, "good_hosts": good},
        broken=tuple(broken),
    )


def direct(port: int) -> int:
    """Ask for each address itself, in a network where every connection would reach the canary."""
    client = Client(limits=Limits(deadline=5), network=Network(backend=Rehearsal(port)))
    return asked(client, targets(port))


def redirected(server: FeedServer, port: int) -> int:
    """Be led to each address by each kind of redirect."""
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    addresses = [address for address in targets(port) if "\\" not in address]
    tries = 0
    for code in REDIRECTS:
        for number, address in enumerate(addresses):
            server.serve(f"/{code}/{number}", moved(code, address.encode().decode("latin-1")))
        tries += asked(client, [f"{server.url}/{code}/{number}" for number in range(len(addresses))])
    return tries


def named(port: int, chance: random.Random, count: int) -> int:
    """Ask names whose answers hold inner addresses among public ones, or hold them at the second lookup."""
    answers = list(answers_of_names(chance, count))
    turns = {f"h{number}.example": iter(lookups) for number, lookups in enumerate(answers)}
    network = Network(resolve=lambda host, *_: next(turns[host]), backend=Rehearsal(port))
    client = Client(limits=Limits(deadline=5), network=network)
    hosts = [name for name, lookups in zip(turns, answers, strict=True) for _ in lookups]
    # The first lookup of a name that rebinds is public: what it leads to is no canary in the world, so it is not asked.
    for name, lookups in zip(turns, answers, strict=True):
        if len(lookups) == 2:
            next(turns[name])
            hosts.remove(name)
    return asked(client, [f"http://{name}/" for name in hosts])


def answers_of_names(chance: random.Random, count: int) -> Iterator[list[list[str]]]:
    """Yield what each name resolves to, lookup by lookup."""
    inner = [*REFUSED_4, *REFUSED_6]
    for _ in range(count):
        bad = chance.choice(inner)
        public = [f"93.184.{chance.randrange(256)}.{chance.randrange(1, 255)}" for _ in range(chance.randrange(4))]
        mixed = [*public, bad]
        chance.shuffle(mixed)
        yield [[PUBLIC], mixed] if chance.random() < 0.5 else [mixed]


def asked(client: Client, addresses: list[str]) -> int:
    """Ask for all; each must be refused with an error of ours. Return how many were."""
    for address in addresses:
        try:
            client.get("rss", address, now=NOW)
        except SourceError:
            continue
        raise AssertionError(f"{address} was answered")
    return len(addresses)


def good_hosts(server: FeedServer, chance: random.Random) -> int:
    """Ask public hosts: a guard that refuses everything would pass all else."""
    server.serve_everything(status(200, b"fine"))
    addresses = [f"{chance.choice((1, 8, 93, 151, 185))}.{chance.randrange(256)}.3.7" for _ in range(GOOD_HOSTS)]
    turn = iter(addresses)
    backend = Rehearsal(int(server.address.rpartition(":")[2]))
    client = Client(network=Network(resolve=lambda *_: [next(turn)], backend=backend))
    bodies = [client.get("rss", f"http://good{n}.example/", now=NOW).body for n in range(GOOD_HOSTS)]
    client.close()
    return bodies.count(b"fine")
