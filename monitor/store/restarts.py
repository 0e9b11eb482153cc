"""What the restart of a server may leave behind, and how it is mended.

A power cut can end the append-only file in the middle of a transaction, and every script is one. Redis 7.0 and 8.2, and
Valkey before 9.1.2, then leave its first half in the file: what is written afterwards counts as its second half, and at
the next start is lost, or makes half a script happen (https://github.com/valkey-io/valkey/pull/4342). In memory all is
well, so a file written anew from there is too.
"""

from monitor.store.connection import Connection
from monitor.store.replica import rewrite


class Restarts:
    """Lets a server that began anew write its append-only file anew; cheap to ask, so it is asked all the time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known = ""

    def mend(self) -> bool:
        """Say whether the server had begun anew since anybody looked, and was told to write its file anew."""
        run = self._connection.run_id()
        if run == self._known:
            return False
        key = self._connection.keys.work.run
        stored = self._connection.execute("GET", key)
        is_new = stored is None or stored.decode() != run
        if is_new and rewrite(self._connection):
            self._connection.execute("SET", key, run)
        self._known = run
        return is_new
