"""The tracked topics and the version that is in force."""

from collections.abc import Sequence

from monitor.models import Topic
from monitor.store.codec import decode_topic, encode
from monitor.store.connection import Argument, Connection


class TopicStore:
    """Implements the Topics protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Topic]:
        """Return the topics by name."""
        packed = self._connection.execute("HVALS", self._connection.keys.work.topics)
        return sorted((decode_topic(each) for each in packed), key=lambda topic: topic.name)

    def version(self) -> int:
        """Return the version in force, 0 before any import."""
        return int(self._connection.execute("HGET", self._connection.keys.work.topics_meta, "version") or 0)

    def imported(self) -> str | None:
        """Return the hash of the topics file that was imported last."""
        found = self._connection.execute("HGET", self._connection.keys.work.topics_meta, "hash")
        return None if found is None else found.decode()

    def replace(self, topics: Sequence[Topic], file_hash: str) -> int:
        """Replace all topics in one step and return the new version; the same hash again changes nothing."""
        keys = self._connection.keys.work
        args: list[Argument] = [file_hash]
        for topic in topics:
            args += [topic.name, encode(topic)]
        return int(self._connection.run("topics", (keys.topics, keys.topics_meta), args))
