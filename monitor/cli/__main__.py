"""`python -m monitor.cli` is the command `monitor`."""

from monitor.cli import main

main()
