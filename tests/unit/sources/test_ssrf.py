"""No address leads inside: a canary on loopback counts who reached it, and nobody may."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle

import httpcore
import pytest

from monitor.errors import SourceError, SourceRejected
from monitor.sources.http import Client, Limits
from monitor.sources.network import Network
from tests.simulators.feed_server import FeedServer, in_turn, moved, status
from tests.unit.sources.test_addresses import REFUSED_4, REFUSED_6

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
PUBLIC = "93.184.216.34"
# Ways to write loopback and metadata addresses, which resolvers and parsers understand differently.
SPELLINGS = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.000.000.001",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.0x0.0.1",
    "0",
    "0.0.0.0",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::1]",
    "[fe80::1%25lo]",
    "[fe80::1]",
    "[fc00::1]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:a9fe:a9fe]",
    "192.0.0.192",
    "100.100.100.200",
    "127.0.0.1.",
    "127.0.0.1%00.example",
    "127.0.0.1%2f@a.example",
    "a.example@127.0.0.1",
    "127.0.0.1#@a.example",
    "127.0.0.1?@a.example",
    "127.0.0.1\\@a.example",
    "a.example\\@127.0.0.1",
]


class Rehearsal(httpcore.NetworkBackend):
    """A network in which every address is our canary's: a connection that is let through is a hit."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.addresses: list[str] = []

    def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.NetworkStream:
        """Connect to the canary."""
        self.addresses.append(host)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self._port, timeout=3)


@pytest.fixture
def canary() -> Iterator[FeedServer]:
    with FeedServer() as server:
        server.serve_everything(status(200, b"secret"))
        yield server


def targets(port: int) -> list[str]:
    """Return addresses that all lead inside, with and without the canary's own port."""
    hosts = SPELLINGS + REFUSED_4 + [f"[{address.replace('%', '%25')}]" for address in REFUSED_6]
    return [f"http://{host}{suffix}" for host in hosts for suffix in ("/", f":{port}/", ":443/", ":80/x")]


def test_no_spelling_of_an_inner_address_reaches_the_canary(canary: FeedServer) -> None:
    port = int(canary.address.rpartition(":")[2])
    rehearsal = Rehearsal(port)
    client = Client(limits=Limits(deadline=5), network=Network(backend=rehearsal))
    addresses = targets(port)

    outcomes = [_outcome(client, address) for address in addresses]

    assert len(addresses) >= 400
    assert all(isinstance(outcome, SourceError) for outcome in outcomes)
    assert not canary.counts
    assert not rehearsal.addresses
    client.close()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_leads_inside(code: int, canary: FeedServer, server: FeedServer) -> None:
    port = int(canary.address.rpartition(":")[2])
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    addresses = [address for address in targets(port) if "\\" not in address]
    for number, address in enumerate(addresses):
        server.serve(f"/{number}", moved(code, address.encode().decode("latin-1")))

    outcomes = [_outcome(client, f"{server.url}/{number}") for number in range(len(addresses))]

    assert all(isinstance(outcome, SourceError) for outcome in outcomes)
    assert sum(server.counts.values()) == len(addresses)
    assert not canary.counts
    client.close()


def test_an_exempt_address_is_not_reached_by_a_strangers_redirect(canary: FeedServer, server: FeedServer) -> None:
    """The stranger is a public name; the network is a rehearsal that leads it to our server."""
    rehearsal = Rehearsal(int(server.address.rpartition(":")[2]))
    server.serve("/feed", moved(302, canary.url + "/"))
    network = Network(resolve=lambda *_: [PUBLIC], backend=rehearsal)
    client = Client(limits=Limits(deadline=5), allow=[canary.address], network=network)

    with pytest.raises(SourceRejected):
        client.get("rss", "http://stranger.example/feed", now=NOW)

    assert server.counts["/feed"] == 1
    assert not canary.counts
    client.close()


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"])
@pytest.mark.parametrize("order", ["inner first", "inner last"])
def test_one_inner_address_among_public_ones_is_enough_to_refuse(inner: str, order: str, canary: FeedServer) -> None:
    addresses = [inner, PUBLIC] if order == "inner first" else [PUBLIC, inner]
    rehearsal = Rehearsal(int(canary.address.rpartition(":")[2]))
    client = Client(network=Network(resolve=lambda *_: addresses, backend=rehearsal))

    with pytest.raises(SourceRejected, match="not a public address"):
        client.get("rss", "http://mixed.example/", now=NOW)

    assert not rehearsal.addresses
    client.close()


def test_a_rebinding_name_is_asked_once_and_the_checked_address_is_used(server: FeedServer) -> None:
    """Public at the first lookup, loopback at the second: there must be no second between check and connection."""
    answers = cycle([[PUBLIC], ["127.0.0.1"]])
    lookups: list[str] = []

    def resolve(host: str, port: int, seconds: float) -> list[str]:
        lookups.append(host)
        return next(answers)

    rehearsal = Rehearsal(int(server.address.rpartition(":")[2]))
    server.serve("/once", status(200, b"fine"))
    server.serve("/again", in_turn(moved(302, "http://rebind.example/again")))
    client = Client(network=Network(resolve=resolve, backend=rehearsal))

    fine = client.get("rss", "http://rebind.example/once", now=NOW)
    with pytest.raises(SourceRejected, match=r"127\.0\.0\.1"):
        client.get("rss", "http://rebind.example/once", now=NOW)
    with pytest.raises(SourceRejected, match=r"127\.0\.0\.1"):
        client.get("rss", "http://rebind.example/again", now=NOW)

    assert fine.body == b"fine"
    assert rehearsal.addresses == [PUBLIC, PUBLIC]
    assert lookups == ["rebind.example"] * 4
    client.close()


def test_public_hosts_pass(server: FeedServer) -> None:
    """A guard that refuses everything would pass every test above."""
    addresses = [f"{a}.{b}.{c}.7" for a in (1, 8, 93, 151, 185) for b in (0, 31, 64, 200) for c in range(10)]
    answers = iter(addresses)
    rehearsal = Rehearsal(int(server.address.rpartition(":")[2]))
    server.serve_everything(status(200, b"fine"))
    client = Client(network=Network(resolve=lambda *_: [next(answers)], backend=rehearsal))

    bodies = [client.get("rss", f"http://host{n}.example/", now=NOW).body for n in range(200)]

    assert bodies == [b"fine"] * 200
    assert rehearsal.addresses == addresses
    client.close()


def _outcome(client: Client, address: str) -> object:
    try:
        return client.get("rss", address, now=NOW)
    except SourceError as e:
        return e
