"""What each chat was told at once, and what it is being told: written before the first word leaves."""

from datetime import timedelta

import msgspec

from monitor.signals.alerts import AlertLog
from monitor.store.codec import encode
from monitor.store.connection import Call, Connection
from monitor.store.keys import ALERTS_DAYS

LOG = "log"

decode_log = msgspec.msgpack.Decoder(AlertLog).decode


class AlertStore:
    """The alerts of every chat."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, chat: str) -> AlertLog:
        """Return what a chat was told."""
        packed = self._connection.execute("HGET", self._connection.keys.chat(chat).alerts, LOG)
        return AlertLog() if packed is None else decode_log(packed)

    def move(self, chat: str, before: AlertLog, after: AlertLog) -> bool:
        """Write what a chat was told; False when somebody else was faster. Nothing can be refused by it after a day."""
        key = self._connection.keys.chat(chat).alerts
        known = b"" if before == AlertLog() else encode(before)
        seconds = int(timedelta(days=ALERTS_DAYS).total_seconds())
        written = Call("replace", (key,), (LOG, known, encode(after)))
        return bool(self._connection.together([written, Call("", (), ("EXPIRE", key, seconds))])[0])
