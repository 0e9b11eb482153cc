"""`python -m workers` starts a worker."""

import sys

from monitor.start import start

if __name__ == "__main__":
    sys.exit(start("workers.worker"))
