"""Holds leases in a process of its own, that can be frozen: python -m tests.unit.store.holder STORE PREFIX.

Says "held", reads a line, then tries everything that a holder may write, and says what each try brought.
"""

import sys
from datetime import timedelta

from monitor.models import Batch, Coverage, Cursor, Delivery, Job, Query
from monitor.services.courier import deliver_job
from monitor.store.chats import ChatList
from monitor.store.codec import from_ms
from monitor.store.connection import Connection
from monitor.store.keeper import Keeper, KeptLeases
from monitor.store.keys import Keyspace
from monitor.store.outbox import OutboxStore
from monitor.store.progress import ProgressStore
from monitor.store.schedule import LeaseStore
from monitor.store.sender_leases import SenderLeases

QUERY = Query("rss", "https://feed.example/frozen")
JOB = Job("poll", str(QUERY))
CHAT = "-1001"
TTL = timedelta(seconds=2)
LONG = timedelta(minutes=1)


def main(store: str, prefix: str) -> None:
    """Hold a job, a delivery and the right to send, and try to use them when told."""
    connection = Connection(store, Keyspace(prefix))
    keeper = Keeper()
    leases = KeptLeases(LeaseStore(connection), LeaseStore(connection), keeper, TTL)
    rights = KeptLeases(SenderLeases(connection), SenderLeases(connection), keeper, TTL)
    progress, chats, outbox = ProgressStore(connection), ChatList(connection), OutboxStore(connection, leases=rights)
    job = leases.acquire(JOB, "frozen", LONG)
    delivery = leases.acquire(deliver_job(CHAT), "frozen", LONG)
    right = outbox.acquire(CHAT, "frozen", LONG)
    head = outbox.outlook(CHAT).head
    assert job is not None
    assert delivery is not None
    assert right is not None
    assert head is not None
    print("held", flush=True)
    sys.stdin.readline()
    print(rights.is_sure(right), leases.is_sure(job))
    now = from_ms(1)
    sent = Delivery(state="sent", due=now, part=0, parts=1, message_id=7)
    batch = Batch(cursor=Cursor("of the frozen"), coverage=Coverage(start=now, end=now))
    print(leases.renew(job, LONG), leases.renew(delivery, LONG), rights.renew(right, LONG))
    print(progress.complete(job, QUERY, batch, LONG), progress.fail(job, QUERY, "of the frozen", LONG))
    print(progress.finish(delivery, LONG), chats.rest(delivery, LONG, "of the frozen"))
    print(outbox.claim(right, head, sent), outbox.settle(right, head, sent), outbox.clear(right, head.id))
    outbox.release(right)
    leases.release(job)
    leases.release(delivery)
    print("done", flush=True)
    keeper.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
