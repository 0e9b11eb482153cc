"""Libraries that fail in words that hold secrets: addresses with tokens and keys, and passwords. By chance, often.

Python imports this by itself where its folder is in PYTHONPATH. Nothing of the product is replaced, but one thing and
only for the control: with LEAKS_UNHIDDEN the product hides nothing, and the search must find what it would have hidden.

LEAKS           a file with the chances of a failure: of a request, of a command of the store, of what nobody foresees
LEAKS_PASSWORD  the file that holds the store's password
"""

import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpcore
import httpx
import redis

REQUEST, COMMAND, BUG = range(3)
UNFORESEEN = signal.SIGRTMIN + 1
ask_telegram = httpx.AsyncHTTPTransport.handle_async_request
ask_source = httpcore.ConnectionPool.handle_request
ask_store = redis.connection.AbstractConnection.send_packed_command


class Leaks:
    """The failures of this process, and what they are made of."""

    def __init__(self) -> None:
        self._chances = Path(os.environ["LEAKS"])
        self.password = Path(os.environ["LEAKS_PASSWORD"]).read_text(encoding="utf-8")
        self._chance = random.Random(os.environ.get("LEAKS_SEED", "") + str(os.getpid()))

    def strikes(self, kind: int) -> bool:
        """Tell whether something fails."""
        return self._chance.random() < float(self._chances.read_text(encoding="ascii").split()[kind])

    def fail(self, said: str, *kinds: type[Exception]) -> NoReturn:
        """Fail in one of some ways, or as nobody foresees."""
        raise self._chance.choice((*kinds, RuntimeError))(said)

    async def telegram(self, transport: Any, request: httpx.Request) -> httpx.Response:
        """Ask Telegram, or fail and say for whom."""
        if self.strikes(REQUEST):
            said = f"no way to {request.url} with {request.headers}"
            self.fail(said, httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError)
        return await ask_telegram(transport, request)

    def source(self, pool: Any, request: httpcore.Request) -> httpcore.Response:
        """Ask a source, or fail and say for whom."""
        if self.strikes(REQUEST):
            said = f"no way to {request.url.target.decode()} with {request.headers}"
            self.fail(said, httpcore.ReadTimeout, httpcore.ConnectError, httpcore.ProtocolError)
        return ask_source(pool, request)

    def store(self, connection: Any, *args: Any, **kwargs: Any) -> Any:
        """Send a command, or fail and say by which password."""
        if self.strikes(COMMAND):
            raise redis.exceptions.ConnectionError(f"lost redis://monitor:{self.password}@store, {vars(connection)}")
        if self.strikes(BUG):
            self.fail(f"unforeseen, connected by {self.password!r}")
        return ask_store(connection, *args, **kwargs)

    def fall(self, *_: object) -> None:
        """Fail where nobody catches it: in a thread, and in the main one."""
        name = f"of {self.password}"
        threading.Thread(target=self.fail, args=(f"in a thread: {self.password}",), name=name).start()
        self.fail(f"in the main thread: {[self.password]}")


def install(leaks: Leaks) -> None:
    """Let libraries fail from now on."""
    patched: Any = httpx.AsyncHTTPTransport
    patched.handle_async_request = bound(leaks.telegram)
    patched = httpcore.ConnectionPool
    patched.handle_request = bound(leaks.source)
    patched = redis.connection.AbstractConnection
    patched.send_packed_command = bound(leaks.store)
    signal.signal(UNFORESEEN, leaks.fall)
    if "LEAKS_UNHIDDEN" in os.environ:
        from monitor import logs

        logs.redact = lambda text: text


def bound(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is bound to the object of its class as a method is."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs)

    return call


if "LEAKS" in os.environ:
    install(Leaks())
