"""A server and a client that may talk to it."""

from collections.abc import Iterator

import pytest

from monitor.sources.http import Client, Limits
from tests.simulators.feed_server import FeedServer


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def client(server: FeedServer) -> Iterator[Client]:
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    yield client
    client.close()
