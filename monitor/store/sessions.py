"""Sessions with platforms, for all workers."""

from datetime import timedelta

from monitor.logs import hide
from monitor.store.connection import Connection
from monitor.store.keys import SESSION_DAYS
from monitor.store.schedule import ms


class SessionStore:
    """Implements the Sessions protocol. What it holds is hidden from the log of every process that reads it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self, account: str) -> str | None:
        """Return the session that was kept last."""
        found = self._connection.execute("GET", self._connection.keys.session(account))
        if found is None:
            return None
        session: str = found.decode()
        hide(session)
        return session

    def keep(self, account: str, session: str) -> None:
        """Keep a session."""
        hide(session)
        ttl = ms(timedelta(days=SESSION_DAYS))
        self._connection.execute("SET", self._connection.keys.session(account), session, "PX", ttl)
