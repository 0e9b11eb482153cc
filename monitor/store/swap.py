"""The last step of a restore: what was loaded takes the place of what is there, which is kept aside.

embedded   store.next is complete ─► store goes to store.before-DATE ─► store.next becomes store      embedded.py
outside    one script renames every key: dm:… to dm-before-DATE:…, dm-restore-…:… to dm:…
"""

from datetime import timedelta

from monitor.store.codec import to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.schedule import ms

ASIDE_FOR = timedelta(days=7)
"""Keys aside take memory; the old folder of an embedded store takes only disk, and stays until somebody removes it."""


def has_data(connection: Connection) -> bool:
    """Tell whether somebody's data lives under the prefix; a schema alone is none."""
    schema = connection.keys.work.schema
    return any(name != schema for name in connection.scan(f"{connection.keys.prefix}*"))


def is_at_work(connection: Connection) -> bool:
    """Tell whether some process holds a lease, on the store's clock: this machine's may be ahead of it."""
    leases, now = connection.execute("HVALS", connection.keys.work.leases), to_ms(store_now(connection))
    return any(int(each.split()[0]) > now for each in leases)


def take_place(staged: Connection, live: Connection, aside: str) -> bool:
    """Give the staged keys their living names, all at once; what has those names goes aside under another prefix."""
    # The first one tells the script whether it was done before, so it must be one that does not end by itself.
    new = sorted(staged.scan(f"{staged.keys.prefix}*"), key=lambda name: (name != staged.keys.work.schema, name))
    if not new:
        return False
    old = sorted(live.scan(f"{live.keys.prefix}*"))
    names = [
        *new,
        *(live.keys.prefix + name.removeprefix(staged.keys.prefix) for name in new),
        *old,
        *(aside + name.removeprefix(live.keys.prefix) for name in old),
    ]
    return bool(live.run("swap", names, (len(new), len(old), ms(ASIDE_FOR))))
