"""What the supervisor asks of the store, each second, while the store hangs."""

import os
import signal
import time
from pathlib import Path

from monitor.cli.run import ROLES, Needs
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.stores import Stores
from monitor.wiring import quick


def test_a_store_that_hangs_does_not_keep_the_supervisor_from_its_work(tmp_path: Path) -> None:
    """Whether streams are asked for was asked patiently; meanwhile nobody ended the store or heard a signal."""
    store = EmbeddedStore(tmp_path)
    store.attach()
    with quick(Connection(store.url)) as connection:
        server = connection.execute("INFO", "server")["process_id"]
        os.kill(int(server), signal.SIGSTOP)
        needs, began = Needs(Stores(connection)), time.monotonic()

        assert not any(needs(role) for role in ROLES if role.name == "stream")

        assert time.monotonic() - began < 5
    store.kill()
    store.detach()
