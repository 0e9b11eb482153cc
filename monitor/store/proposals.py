"""Changes of topics that wait or were made, since when a topic has its rule by one of them, and who did what."""

from datetime import datetime

import msgspec

from monitor.nouns.proposal import Audited, Proposal
from monitor.store.codec import encode, from_ms, to_ms
from monitor.store.connection import Connection
from monitor.store.keys import AUDIT_KEPT, PROPOSALS_KEPT

decode_proposal = msgspec.msgpack.Decoder(Proposal).decode
decode_audited = msgspec.msgpack.Decoder(Audited).decode


class ProposalStore:
    """The proposals of the bot's editors. Each write is harmless when it is repeated."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, proposal: Proposal) -> None:
        """Keep a proposal under its id, and forget the oldest of too many."""
        work = self._connection.keys.work
        self._connection.execute("HSET", work.proposals, proposal.id, encode(proposal))
        known = sorted((decode_proposal(each) for _, each in self._pairs()), key=lambda each: each.at)
        for each in known[:-PROPOSALS_KEPT]:
            self._connection.execute("HDEL", work.proposals, each.id)

    def find(self, id_: str) -> Proposal | None:
        """Return a proposal; None when it was forgotten."""
        packed = self._connection.execute("HGET", self._connection.keys.work.proposals, id_)
        return None if packed is None else decode_proposal(packed)

    def mark_edited(self, topic: str, at: datetime) -> None:
        """Note that a topic has another rule from a time on: earlier posts are matched anew when they are asked for."""
        self._connection.execute("HSET", self._connection.keys.work.edited, topic, to_ms(at))

    def edited_at(self, topic: str) -> datetime | None:
        """Return since when a topic has its present rule by an edit from here; None where it had no other."""
        found = self._connection.execute("HGET", self._connection.keys.work.edited, topic)
        return None if found is None else from_ms(int(found))

    def audit(self, line: Audited, at: datetime) -> None:
        """Write down what somebody changed, once."""
        key = self._connection.keys.work.audit
        self._connection.execute("ZADD", key, "NX", to_ms(at), encode(line))
        self._connection.execute("ZREMRANGEBYRANK", key, 0, -1 - AUDIT_KEPT)

    def audited(self, most: int) -> list[tuple[datetime, Audited]]:
        """Return the newest lines of the record with their times, newest first."""
        found = self._connection.execute("ZREVRANGE", self._connection.keys.work.audit, 0, most - 1, "WITHSCORES")
        pairs = zip(found[::2], found[1::2], strict=True)
        return [(from_ms(int(float(at))), decode_audited(each)) for each, at in pairs]

    def _pairs(self) -> list[tuple[bytes, bytes]]:
        return list(self._connection.pairs("HSCAN", self._connection.keys.work.proposals))
