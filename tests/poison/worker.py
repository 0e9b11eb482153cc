"""A real worker of the product, which knows the source of broken items, and is not as patient as a real one."""

import os
import sys
from datetime import timedelta

from monitor import wiring
from monitor.processes import isolation
from monitor.services import looks
from monitor.store import mentions
from tests.poison import install
from workers import sweeper
from workers.worker import main

if __name__ == "__main__":
    sys.path.append(os.environ["MONITOR_HOME"])  # where the ledger of deeds is; the child learns of it by its path
    install(wiring, mentions)
    isolation.MODULE = "tests.poison.child"
    # Enough for a page whose children burn what they may, on a machine that has much else to do.
    looks.LONGEST_FETCH = looks.LONGEST_STORING = timedelta(seconds=25)
    sweeper.STUCK = timedelta(seconds=1)
    sys.exit(main())
