"""The tracked topics and the version that is in force."""

from collections.abc import Sequence
from datetime import datetime

import xxhash

from monitor.models import Topic
from monitor.store.codec import decode_topic, encode, from_ms
from monitor.store.connection import Argument, Connection


class TopicStore:
    """Implements the Topics protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Topic]:
        """Return the topics by name."""
        packed = self._connection.execute(*self.reads())
        return sorted((decode_topic(each) for each in packed), key=lambda topic: topic.name)

    def reads(self) -> tuple[Argument, ...]:
        """Return what `all` asks the store."""
        return ("HVALS", self._connection.keys.work.topics)

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
            args += [topic.name, encode(topic), rule_hash(topic)]
        names = (keys.topics, keys.topics_meta, keys.topics_since, keys.topics_retired)
        return int(self._connection.run("topics", names, args))

    def since(self, name: str) -> datetime | None:
        """Return since when a topic is followed by its present rule, None when it is not followed."""
        found = self._connection.execute("HGET", self._connection.keys.work.topics_since, name)
        return None if found is None else from_ms(int(found.split()[1]))

    def retired(self) -> list[Topic]:
        """Return the topics that left the file and whose posts are not all pruned yet."""
        packed = self._connection.execute("HVALS", self._connection.keys.work.topics_retired)
        return [decode_topic(each) for each in packed]

    def end(self, name: str) -> bool:
        """Erase what is left of a retired topic; False while it has posts."""
        keys = self._connection.keys.topic(name)
        left = (keys.rollups, keys.firsts, keys.said, keys.tallies, keys.scores)
        if not self._connection.run("end_topic", (keys.posts, *left)):
            return False
        self._connection.execute("HDEL", self._connection.keys.work.topics_retired, name)
        return True


def rule_hash(topic: Topic) -> str:
    """Return a hash of what decides which posts belong to a topic: counts under another rule cannot be compared."""
    # A sense is no part of it: what it leaves out is told from the texts each time, earlier hours included.
    rule = (topic.any, topic.all, topic.none, topic.languages, topic.sources)
    # Without a query the hash is that of earlier releases: an upgrade begins no topic anew.
    return xxhash.xxh3_64_hexdigest(encode((*rule, topic.query) if topic.query else rule))
