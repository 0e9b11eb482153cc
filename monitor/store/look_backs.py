"""How far a look-back came: kept after each page, so that whoever is killed goes on and asks for no page again."""

from datetime import timedelta

import msgspec

from monitor.models import Query
from monitor.seams.looking_back import Progressed
from monitor.store.codec import encode
from monitor.store.connection import Connection
from monitor.store.schedule import ms

KEPT = timedelta(days=30)
"""Who has not gone on by then begins anew."""

_progressed = msgspec.msgpack.Decoder(Progressed)


class LookBackStore:
    """One record for each topic and query that is being looked back at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, topic: str, query: Query) -> Progressed | None:
        """Return how far a look-back came that is not at its end; None when there is none."""
        packed = self._connection.execute("GET", self._key(topic, query))
        return None if packed is None else _progressed.decode(packed)

    def keep(self, topic: str, query: Query, progressed: Progressed) -> None:
        """Write how far it came."""
        self._connection.execute("SET", self._key(topic, query), encode(progressed), "PX", ms(KEPT))

    def end(self, topic: str, query: Query) -> None:
        """Forget it: it is at its end."""
        self._connection.execute("UNLINK", self._key(topic, query))

    def _key(self, topic: str, query: Query) -> str:
        return self._connection.keys.look_back(topic, query)
