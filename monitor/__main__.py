"""`python -m monitor` is the command `monitor`."""

import sys

from monitor.start import start


def main() -> None:
    """Run a command, and exit with its code."""
    sys.exit(start("monitor.cli"))


if __name__ == "__main__":
    main()
