"""Asks Telegram for updates and keeps them before it asks for the next: only then does Telegram forget them.

standby ─lease─► getUpdates ─► parse ─► inbox (fenced) ─► getUpdates from the next id …
   ▲                │ the network fails: again in a while
   └─ lease lost ───┤
                    └─ 409, somebody else asks: give up, and let the supervisor begin anew

A kill between any two steps costs nothing: what was not kept comes again, and what was kept is known.
https://core.telegram.org/bots/api#getupdates
"""

import asyncio
import logging
import os
import signal
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from monitor.bot.updates import ASKED_FOR, parse
from monitor.errors import StoreError
from monitor.models import Incoming, Job, Lease
from monitor.processes.liveness import poller_name
from monitor.protocols import Leases
from monitor.seams.inbox import Intake
from monitor.sinks.telegram_line import Account
from monitor.sinks.telegram_refusals import hidden, retry_after

log = logging.getLogger(__name__)

POLLER_JOB = Job("poller", "telegram")
MOST_AT_ONCE = 100
KEEP_OPEN = timedelta(seconds=25)
"""For so long Telegram keeps a question open while nothing happens."""

PATIENCE = timedelta(seconds=10)
LONGEST = timedelta(minutes=3)
"""For so long a lease is kept without a question that ended: longer than any takes, with what is kept of it."""

LOOK_FOR_LEASE_EVERY = timedelta(seconds=1)
PULSE_EVERY = timedelta(seconds=1)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)

Answer = TypeVar("Answer")


class Ended(Exception):
    """Why this process must not go on: `reason` in Telegram's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rivalled(Ended):
    """Somebody else asks for the updates of this bot."""

    def __str__(self) -> str:
        return f"somebody else polls for this bot, so this process ends: {self.reason}"


class Refused(Ended):
    """Telegram does not know the token; a person must mend it."""

    def __str__(self) -> str:
        remedy = "write the one that @BotFather gives into [telegram], and start again; all else goes on meanwhile"
        return f"Telegram refuses the bot's token ({self.reason}): {remedy}"


class GotUpdates(NamedTuple):
    """What one question brought: updates, and from which id on to ask next (None: as before)."""

    updates: list[Incoming]
    offset: int | None


class Poller:
    """Asks for as long as it holds the lease; one process of many does."""

    def __init__(self, account: Account, intake: Intake, leases: Leases, keep_open: timedelta = KEEP_OPEN) -> None:
        self._intake = intake
        self._leases = leases
        self._keep_open = keep_open
        self._token = account.token
        self._bot_id = account.token.partition(":")[0]
        self._client = Client(account)
        self._owner = f"{poller_name(os.getpid())}/{uuid4().hex}"
        self._is_ready = False

    async def run(self, stopped: asyncio.Event) -> None:
        """Poll until told to stop; raise Ended when this process must not go on."""
        async with self._client:
            while not stopped.is_set():
                lease = await self._stand_by(stopped)
                if lease is not None:
                    await self._hold(lease, stopped)

    async def _stand_by(self, stopped: asyncio.Event) -> Lease | None:
        said = ""
        while not stopped.is_set():
            try:
                lease = self._leases.acquire(POLLER_JOB, self._owner, LONGEST)
            except StoreError as e:
                lease, why = None, str(e)
            else:
                why = "another process polls"
            if lease is not None:
                log.info("polling")
                return lease
            if why != said:
                log.info("standing by", extra={"reason": why})
                said = why
            await pause(stopped, LOOK_FOR_LEASE_EVERY)
        return None

    async def _hold(self, lease: Lease, stopped: asyncio.Event) -> None:
        """Poll until the lease is lost or we are told to stop."""
        failures = 0
        try:
            while not stopped.is_set():
                try:
                    if not await self._poll(lease, stopped):
                        log.warning("lease lost", extra={"job": str(POLLER_JOB)})
                        return
                    failures = 0
                except (TelegramError, TimeoutError, StoreError) as e:
                    wait = self._judge(e, lease, failures)
                    failures += 1
                    await pause(stopped, wait)
        finally:
            self._let_go(lease)

    async def _poll(self, lease: Lease, stopped: asyncio.Event) -> bool:
        """Ask once and keep what comes; False when the lease was lost."""
        if not self._leases.renew(lease, LONGEST):
            return False
        if not self._is_ready:
            await self._give_up_webhook()
        asked = await unless(stopped, self._ask(self._intake.offset(self._bot_id)))
        if asked is None or asked.offset is None:
            return True
        taken = self._intake.take_in(self._bot_id, asked.updates, asked.offset, lease)
        if taken is None:
            return False
        if taken.left_out:
            log.warning("too many", extra=taken._asdict())
        return True

    async def _ask(self, offset: int | None) -> GotUpdates:
        question = {
            "timeout": int(self._keep_open.total_seconds()),
            "limit": MOST_AT_ONCE,
            "allowed_updates": list(ASKED_FOR),
        }
        patience = (self._keep_open + PATIENCE).total_seconds()
        async with asyncio.timeout(patience):
            answer = await raw(
                self._client.bot, "getUpdates", question | ({} if offset is None else {"offset": offset}), patience
            )
        if not isinstance(answer, list):
            raise NetworkError("the answer is no list of updates")
        updates = [update for update in map(parse, answer) if update is not None]
        if answer and not updates:
            raise NetworkError("updates came without an id")
        return GotUpdates(updates, max((update.id for update in updates), default=-1) + 1 or None)

    async def _give_up_webhook(self) -> None:
        """End a webhook, or Telegram refuses to be asked. What waits there stays."""
        if (await self._client.bot.get_webhook_info()).url:
            await self._client.bot.delete_webhook(drop_pending_updates=False)
            log.info("webhook given up")
        self._is_ready = True

    def _judge(self, error: TelegramError | TimeoutError | StoreError, lease: Lease, failures: int) -> timedelta:
        """Return how long to wait before asking again; raise Ended when that would be wrong."""
        reason = hidden(str(error) or type(error).__name__, self._token)
        if isinstance(error, Conflict) and self._leases.renew(lease, LONGEST):
            raise Rivalled(reason)
        if isinstance(error, InvalidToken):
            raise Refused(reason)
        if failures == 0:
            log.warning("not polled", extra={"reason": reason})
        if isinstance(error, RetryAfter):
            return retry_after(error)
        return min(FIRST_PAUSE * 2.0 ** min(failures, 10), LONGEST_PAUSE)

    def _let_go(self, lease: Lease) -> None:
        try:
            self._leases.release(lease)
        except StoreError as e:
            log.warning("lease ends by itself", extra={"job": str(POLLER_JOB), "reason": str(e)})


class Client:
    """The library's bot with connections of its own: a question that is kept open must not hold up what is sent."""

    def __init__(self, account: Account) -> None:
        # Raw answers are wanted, so the library's own method, which parses them, is not used.
        warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)
        # It warns of a change of type in each flood answer that it reads; what is used here has the new type.
        warnings.filterwarnings("ignore", message=".*retry_after", category=PTBDeprecationWarning)
        self._requests = [_connections(), _connections()]
        base = account.api_url.rstrip("/")
        self.bot = Bot(
            account.token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    async def __aenter__(self) -> Bot:
        return self.bot

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for request in self._requests:
            await request.shutdown()


def _connections() -> HTTPXRequest:
    seconds = PATIENCE.total_seconds()
    # A proxy of the environment would see the token in every address.
    return HTTPXRequest(read_timeout=seconds, connect_timeout=5.0, pool_timeout=5.0, httpx_kwargs={"trust_env": False})


async def raw(bot: Bot, method: str, arguments: dict[str, Any], patience: float) -> object:
    """Return what a method of the Bot API answers, as it is; an answer of no known shape is the network's failure."""
    try:
        return await bot.do_api_request(method, arguments, read_timeout=patience)
    except (LookupError, TypeError) as e:
        raise NetworkError(f"the answer has no result ({type(e).__name__})") from e


async def unless(stopped: asyncio.Event, work: Coroutine[Any, Any, Answer]) -> Answer | None:
    """Return what a piece of work brings; None when we are told to stop meanwhile: then it is cancelled."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        waiting.cancel()


async def pause(stopped: asyncio.Event, wait: timedelta) -> None:
    """Wait for a time, or until told to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), wait.total_seconds())


def poll_forever(poller: Poller, pulse: Callable[[], None] = lambda: None) -> None:
    """Poll until the process is told to stop; raise Ended when it must not go on.

    `pulse` is called once a second for as long as the loop turns.
    """

    async def beat(stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            pulse()
            await pause(stopped, PULSE_EVERY)

    async def main() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        beating = asyncio.create_task(beat(stopped))
        try:
            await poller.run(stopped)
        finally:
            beating.cancel()

    asyncio.run(main())
