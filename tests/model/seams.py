"""The ways of a worker to the store and to Telegram. Each call first asks the worker's actor what becomes of it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import httpx
import redis
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from monitor.errors import StoreError
from monitor.store.connection import Argument, Call, Connection, one_sentence, script_text
from tests.model.actors import Actor
from tests.model.watch import Watch
from tests.model.world import World
from tests.replays.replayer import FREEZE, READS
from tests.simulators.telegram_api import TOKEN
from tests.simulators.telegram_methods import METHODS
from tests.simulators.telegram_refusals import Breach, Refused, flood
from tests.simulators.telegram_spec import Spec
from tests.simulators.telegram_state import State

Answer = TypeVar("Answer")

STORE_FATES = ("replay", "refuse", "lose")
"""replay: the answer is lost, and the command sent again, as the client does by itself. refuse: it does not reach the
store. lose: it does, and no answer comes back, however often it is tried."""

STORE_DEATHS = ("kill", "kill_after")
"""The process dies before a call is done, or after."""

SEND_REFUSALS = ("flood", "unconnected", "gateway_before", "reset_before")
"""Not done: 429, no connection, 502, a reset."""

TEXT_REFUSALS = ("refused", "refused for good")
"""Not done: 400 for what a text says, once or from now on."""

SEND_LOSSES = ("gateway_after", "reset_after", "garbage", "late")
"""Done: 502, a reset, an answer that is no JSON; late: it arrives some seconds after the client gave up."""

SEND_DEATHS = ("kill", "kill_after", "kill_late")
"""The process dies before the request leaves, after it was done, while it is on its way."""

SLOWEST = 8.0
"""Seconds from when a request left until it arrives at Telegram: less than the product waits before it looks."""

_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head></html>"
_REFUSED = Refused(400, "Bad Request: can't parse entities")


class ModelConnection(Connection):
    """Runs scripts on the world's clock, and lets the world watch what they answered."""

    def __init__(self, url: str, world: World, watch: Watch, actor: Actor | None = None) -> None:
        super().__init__(url)
        self.world = world
        self.watch = watch
        self.actor = actor
        self._hashes: dict[str, str] = {}
        self._wire: Any = None

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a script, as often as the actor's fate says."""
        self.forget_ahead()

        def call() -> Any:
            answer = self._evaluate(script, (*keys, *args, self.world.now), len(keys))
            self.watch.ran(self.actor, script, keys, args, answer)
            return answer

        return self._fated(script, call)

    def execute(self, *command: Argument) -> Any:
        """Run a command; time is the world's."""
        if command[0] == "TIME":
            return [self.world.now // 1000, self.world.now % 1000 * 1000]
        name = str(command[0])
        if name in READS and self.actor is None:
            with one_sentence():
                return self._ask(*command)

        def call() -> Any:
            with one_sentence():
                answer = self._ask(*command)
            if name == "ZADD" and str(command[1]).endswith(":extras"):
                self.watch.confesses(self.actor)
            return answer

        return self._fated(name, call)

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Do calls one by one: each is a step of its own, after which what follows may fail."""
        return [self.run(*each) if each.script else self.execute(*each.args) for each in calls]

    def _fated(self, what: str, call: Callable[[], Any]) -> Any:
        if self.actor is None:
            return call()
        fate = self.actor.gate("store", what)
        match fate:
            case "refuse":
                raise StoreError("the store cannot be reached (it was not told)")
            case "replay":
                call()
                self.world.now += 40
                return call()
            case "lose":
                call()
                raise StoreError("the store cannot be reached (its answer was lost)")
            case "kill_after":
                call()
                self.actor.die()
        return call()

    def _evaluate(self, script: str, arguments: Sequence[Argument], keys: int) -> Any:
        text = FREEZE + script_text(script)
        with one_sentence():
            for _ in range(2):
                known = self._hashes.get(text)
                if known is not None:
                    try:
                        return self._ask("EVALSHA", known, keys, *arguments)
                    except redis.exceptions.NoScriptError:
                        del self._hashes[text]
                self._hashes[text] = self._client.script_load(text)
        raise AssertionError("a script that was loaded just now is there")

    def _ask(self, *command: Argument) -> Any:
        """Run a command as the client does, without its pool and its retries, which take half of a run's time."""
        if self._wire is None:
            self._wire = self._client.connection_pool.get_connection()
        self._wire.send_command(*command)
        answer = self._wire.read_response()
        told = self._client.response_callbacks.get(command[0])
        return answer if told is None else told(answer)

    def close(self) -> None:
        """Close all sockets."""
        if self._wire is not None:
            self._client.connection_pool.release(self._wire)
        super().close()


class ModelTelegram:
    """The strict simulator without its sockets: a method and its arguments in, status and body out."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.state: State

    def handle(self, method: str, form: dict[str, str]) -> tuple[int, bytes]:
        """Answer a request as a healthy server does."""
        try:
            known = self.spec.method_named(method)
            arguments = self.spec.read(known, form, {})
            self.spec.check(known, arguments, {})
            result = METHODS[method](self.state, arguments, {})
        except Refused as refused:
            if isinstance(refused, Breach):
                self.state.breaches.append(f"{method}: {refused.code} {refused.description}")
            return refused.code, refusal(refused)
        return 200, json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode()


def refusal(refused: Refused) -> bytes:
    """Return the body of a refusal."""
    plain: dict[str, Any] = {"ok": False, "error_code": refused.code, "description": refused.description}
    return json.dumps(plain | ({"parameters": dict(refused.parameters)} if refused.parameters else {})).encode()


class ModelLine:
    """Stands where the sink has its thread and its loop: the library's calls are made at once, in the caller's."""

    def __init__(self, telegram: ModelTelegram, world: World, watch: Watch, actor: Actor | None) -> None:
        self.request = _Request(telegram, world, watch, actor)
        self._bot = Bot(TOKEN, request=self.request)

    def ask(self, call: Callable[[Bot], Awaitable[Answer]]) -> Answer:
        """Make a call; nothing in it waits for anything but the actor."""
        turn = call(self._bot).__await__()
        try:
            next(turn)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        raise AssertionError("a call waits for something that is not in the model")

    def close(self) -> None:
        """Close nothing."""


class _Request(BaseRequest):
    def __init__(self, telegram: ModelTelegram, world: World, watch: Watch, actor: Actor | None) -> None:
        self.telegram, self.world, self.watch, self.actor = telegram, world, watch, actor

    @property
    def read_timeout(self) -> float | None:
        return 10.0

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        """Ask the actor what becomes of a request, and do it."""
        name = url.rpartition("/")[2]
        form = {} if request_data is None else request_data.json_parameters

        claim = self.watch.claimed.get(self.actor)

        def handle(*, by_the_dead: bool = False) -> tuple[int, bytes]:
            if name == "sendMessage" and form["text"] in self.world.refused:
                return _REFUSED.code, refusal(_REFUSED)
            answer = self.telegram.handle(name, form)
            self.world.note(
                "   ",
                name,
                form.get("chat_id"),
                form.get("message_id", ""),
                repr(form.get("text", ""))[:40],
                answer[1][:90],
            )
            if name == "sendMessage" and answer[0] == 200:
                self.watch.arrived(self.actor, claim, form)
            if name == "editMessageText" and answer[0] == 200:
                self.watch.edited(self.actor, form, by_the_dead=by_the_dead)
            return answer

        if self.actor is None:
            return handle()
        fate = self.actor.gate("telegram", name)
        if fate == "refused for good":
            self.world.refused.add(form["text"])
        return self._spoiled(fate, partial(handle, by_the_dead=fate in ("kill_after", "kill_late")))

    def _spoiled(self, fate: str, handle: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        assert self.actor is not None, "only workers are disturbed"
        match fate:
            case "flood":
                return 429, refusal(flood(3))
            case "refused" | "refused for good":
                return _REFUSED.code, refusal(_REFUSED)
            case "gateway_before":
                return 502, _GATEWAY
            case "unconnected":
                raise NetworkError("httpx.ConnectError") from httpx.ConnectError("no way")
            case "reset_before":
                raise NetworkError("httpx.ReadError") from httpx.ReadError("reset")
            case "late" | "kill_late":
                self.world.later(SLOWEST, handle)
                if fate == "kill_late":
                    self.actor.die()
                raise TimedOut
        answer = handle()
        if fate != "go":
            self.watch.unheard(self.actor)
        match fate:
            case "kill_after":
                self.actor.die()
            case "gateway_after":
                return 502, _GATEWAY
            case "garbage":
                return 200, b'{"ok":true,"result":{"message_id":'
            case "reset_after":
                raise NetworkError("httpx.ReadError") from httpx.ReadError("reset")
        return answer
