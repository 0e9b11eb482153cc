"""The line to Telegram: one event loop and one client per process, in a thread of their own.

A client that is used from a second loop fails on its second call
(https://github.com/python-telegram-bot/python-telegram-bot/issues/4023).
"""

import asyncio
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from telegram import Bot
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

API_URL = "https://api.telegram.org"
PATIENCE = timedelta(seconds=10)
"""For one request, all in all; less than half of a sender's lease."""

Answer = TypeVar("Answer")


class Account(NamedTuple):
    """Who sends, and by which server. The token is a secret: it is part of every address that is asked."""

    token: str
    api_url: str = API_URL

    def __repr__(self) -> str:
        return f"Account({self.api_url})"


class TelegramLine:
    """A thread with one event loop and one client."""

    def __init__(self, account: Account, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        # The library warns of a change of type in each flood answer that it reads; `retry_after` takes the new type.
        warnings.filterwarnings("ignore", message=".*retry_after", category=PTBDeprecationWarning)
        request = HTTPXRequest(
            connection_pool_size=8,
            read_timeout=self._patience,
            write_timeout=self._patience,
            media_write_timeout=self._patience,
            connect_timeout=min(5.0, self._patience),
            pool_timeout=min(5.0, self._patience),
            # A proxy of the environment would see the token in every address.
            httpx_kwargs={"trust_env": False},
        )
        base = account.api_url.rstrip("/")
        self._bot = Bot(account.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)
        self._request = request
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="telegram", daemon=True)
        self._thread.start()

    def ask(self, call: Callable[[Bot], Awaitable[Answer]]) -> Answer:
        """Make a call in the loop's thread and wait for its end."""
        return self._run(self._limited(call))

    def close(self) -> None:
        """Close connections, loop and thread."""
        self._run(self._request.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._runner.close()

    async def _limited(self, call: Callable[[Bot], Awaitable[Answer]]) -> Answer:
        async with asyncio.timeout(self._patience):
            return await call(self._bot)

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
