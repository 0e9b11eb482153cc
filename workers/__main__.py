"""`python -m workers` starts a worker."""

import sys

from monitor.start import start

sys.exit(start("workers.worker"))
