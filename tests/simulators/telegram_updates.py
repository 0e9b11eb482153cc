"""What Telegram hands to a bot: getUpdates with its offsets and its one poller, or the webhook with its secret.

An update stays until a later offset confirms it (polling), or until the webhook answers 2xx.
"""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.simulators.telegram_refusals import TWO_POLLERS, WEBHOOK_ACTIVE, Refused

Json = dict[str, Any]

# "all update types except …": core.telegram.org/bots/api#getupdates
ASKED_FOR = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_LOOK_EVERY = 0.05  # seconds between looks whether a client has gone, or the server stops


class Webhook(NamedTuple):
    """Where updates are sent to."""

    url: str
    secret: str | None = None


class InHand(NamedTuple):
    """How many questions were asked so far, updates of the last answer that nobody confirmed, and all that wait."""

    polls: int
    unconfirmed: int
    waiting: int


class UpdateQueue:
    """The updates not yet confirmed, oldest first."""

    def __init__(self, first_id: int = 1) -> None:
        self._changed = threading.Condition()
        self._pending: list[Json] = []
        self._next_id = first_id
        self._poll = 0
        self._unconfirmed = 0
        self._allowed: frozenset[str] | None = None
        self._webhook: Webhook | None = None
        self._sender: threading.Thread | None = None
        self._is_stopping = False
        self._last_error: Json = {}
        self.handed_out: Counter[int] = Counter()
        self.conflicts = 0

    def push(self, kind: str, body: Json) -> int | None:
        """Add an update of a kind; return its id, or None where the bot did not ask for that kind."""
        with self._changed:
            asked = kind in self._allowed if self._allowed else kind not in ASKED_FOR
            if not asked:
                return None
            update_id, self._next_id = self._next_id, self._next_id + 1
            self._pending.append({"update_id": update_id, kind: body})
            self._changed.notify_all()
            return update_id

    def poll(self, arguments: Json, has_gone: Callable[[], bool]) -> list[Json]:
        """Answer getUpdates; block up to its `timeout`. Raise Refused (409) for a second poller or a webhook."""
        with self._changed:
            if self._webhook is not None:
                raise Refused(409, WEBHOOK_ACTIVE)
            self.allow(arguments.get("allowed_updates"))
            self._confirm(arguments.get("offset", 0))
            self._poll += 1
            self._unconfirmed = 0
            self._changed.notify_all()
            self._wait(self._poll, time.monotonic() + arguments.get("timeout", 0), has_gone)
            chosen = self._pending[: arguments.get("limit", 100)]
            self.handed_out.update(update["update_id"] for update in chosen)
            self._unconfirmed = len(chosen)
            return chosen

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Remember the kinds a bot asks for; an empty list means the usual ones, None changes nothing."""
        if kinds is not None:
            self._allowed = frozenset(kinds)

    def drop(self) -> None:
        """Forget what is pending (drop_pending_updates)."""
        with self._changed:
            self._pending.clear()

    @property
    def pending(self) -> list[int]:
        """Return the ids of the updates nobody has confirmed."""
        with self._changed:
            return [update["update_id"] for update in self._pending]

    def in_hand(self) -> InHand:
        """Return what whoever asked last has in its hands."""
        with self._changed:
            return InHand(self._poll, self._unconfirmed, len(self._pending))

    def set_webhook(self, webhook: Webhook | None) -> None:
        """Send updates to an address from now on, or to nobody."""
        with self._changed:
            self._webhook, self._last_error = webhook, {}
            self._changed.notify_all()
            if webhook is not None and self._sender is None:
                self._sender = threading.Thread(target=self._send_all, daemon=True)
                self._sender.start()

    def webhook_info(self) -> Json:
        """Return the object WebhookInfo."""
        with self._changed:
            url = self._webhook.url if self._webhook else ""
            plain = {"url": url, "has_custom_certificate": False, "pending_update_count": len(self._pending)}
            return plain | (self._last_error if url else {})

    def stop(self) -> None:
        """Answer every waiting poll and end the webhook."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._sender is not None:
            self._sender.join()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._pending = self._pending[offset:]
            return
        self._pending = [update for update in self._pending if update["update_id"] >= offset]

    def _wait(self, poll: int, until: float, has_gone: Callable[[], bool]) -> None:
        """Wait for updates. Raise Refused where a later poll took this one's place."""
        while not self._pending and not self._is_stopping and (left := until - time.monotonic()) > 0:
            self._changed.wait(min(left, _LOOK_EVERY))
            if has_gone():
                return
            if poll != self._poll:
                self.conflicts += 1
                raise Refused(409, TWO_POLLERS)

    def _send_all(self) -> None:
        """Send each update until it is taken; a failed one waits a little longer each time, at most a second."""
        failures = 0
        while (found := self._next_to_send(failures)) is not None:
            webhook, update = found
            error = _deliver(webhook, update)
            failures = failures + 1 if error else 0
            self._settle(update, error)

    def _next_to_send(self, failures: int) -> tuple[Webhook, Json] | None:
        with self._changed:
            if failures:
                self._changed.wait_for(lambda: self._is_stopping, min(1.0, 0.05 * 2**failures))
            self._changed.wait_for(lambda: self._is_stopping or (self._webhook is not None and self._pending))
            if self._is_stopping or self._webhook is None:
                return None
            self.handed_out[self._pending[0]["update_id"]] += 1
            return self._webhook, self._pending[0]

    def _settle(self, update: Json, error: str | None) -> None:
        with self._changed:
            if error is not None:
                self._last_error = {"last_error_date": int(time.time()), "last_error_message": error}
                return
            self._pending = [pending for pending in self._pending if pending is not update]


def _deliver(webhook: Webhook, update: Json) -> str | None:
    """Post an update; return what went wrong, in Telegram's words, or None."""
    parts = urlsplit(webhook.url)
    assert parts.hostname is not None, "setWebhook checked the address"
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=10)
    headers = {"Content-Type": "application/json"} | ({_SECRET_HEADER: webhook.secret} if webhook.secret else {})
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path or "/", json.dumps(update).encode(), headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"Connection failed: {type(error).__name__}"
    finally:
        connection.close()
    return None if 200 <= answer.status < 300 else f"Wrong response from the webhook: {answer.status} {answer.reason}"
