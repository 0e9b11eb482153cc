"""A simulated Telegram for each test, and two ways to ask it: python-telegram-bot, and bare HTTP."""

import asyncio
import http.client
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from tests.data import data_path
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_chats import Chat, User

Json = dict[str, Any]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Asker:
    """Bare HTTP."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc

    def __call__(self, method: str, **arguments: object) -> Json:
        """Call a method with a JSON body; return the whole answer."""
        return self.post(f"/bot{TOKEN}/{method}", json.dumps(arguments).encode(), "application/json")[1]

    def post(self, path: str, body: bytes, content_type: str) -> tuple[int, Json]:
        """Post a body; return the status and the answer."""
        connection = http.client.HTTPConnection(self._netloc, timeout=60)
        try:
            connection.request("POST", path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let RetryAfter hold a timedelta: as an int it warns that it will not be one."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def spec_path() -> Path:
    """Return the specification, or skip."""
    return data_path("specs/telegram_bot_api_10.1.json.gz")


@pytest.fixture
def clock() -> Clock:
    """Return the simulator's clock."""
    return Clock()


@pytest.fixture
def telegram(spec_path: Path, clock: Clock) -> Iterator[Simulator]:
    """Yield a simulator; a breach that the test did not take fails it."""
    with Simulator(spec_path, clock=clock) as simulator:
        yield simulator
    assert simulator.breaches == []


@pytest.fixture
def ask(telegram: Simulator) -> Asker:
    """Return bare HTTP to the simulator."""
    return Asker(telegram.url)


@pytest.fixture
def channel(telegram: Simulator) -> Chat:
    """Return a channel the bot may post to."""
    return telegram.state.world.add_chat("channel", "Digests")


@pytest.fixture
def anna(telegram: Simulator) -> User:
    """Return a user who has started the bot; the update of it is gone."""
    user = telegram.state.world.add_user("Anna")
    telegram.people.start(user)
    telegram.state.updates.drop()
    return user


def with_bot(telegram: Simulator, act: Callable[[Bot], Awaitable[Any]], *, read_timeout: float = 5.0) -> Any:
    """Run an act with a python-telegram-bot Bot of its own."""

    async def run() -> Any:
        request = HTTPXRequest(read_timeout=read_timeout)
        async with Bot(TOKEN, base_url=telegram.base_url, request=request) as bot:
            return await act(bot)

    return asyncio.run(run())
