"""The checker on a store that lives: what ends while it looks is no finding."""

from collections.abc import Iterator

from monitor.store.connection import Connection
from monitor.store.fsck import check


class Busy(Connection):
    """A connection beside which others work: each hash ends between being found and being looked at."""

    def scan(self, pattern: str) -> Iterator[str]:
        for key in super().scan(pattern):
            if self.execute("TYPE", key) == b"hash":
                self.execute("DEL", key)
            yield key


def test_a_key_that_ends_while_it_is_checked_is_no_finding(valkey: Connection) -> None:
    valkey.execute("HSET", valkey.keys.work.due_since, "poll:hackernews", 1)
    busy = Busy(valkey.url, valkey.keys)

    findings = check(busy)

    busy.close()
    assert findings == []
