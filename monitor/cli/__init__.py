"""The command line: `monitor --help`."""

import logging
import signal
import sys

import click

from monitor.cli.archive import demo, replay
from monitor.cli.backfill import backfill
from monitor.cli.backup import backup, restore
from monitor.cli.bot import bot, owner
from monitor.cli.check import doctor, fsck, health
from monitor.cli.cost import cost
from monitor.cli.forget import forget
from monitor.cli.outbox import outbox
from monitor.cli.quarantine import quarantine
from monitor.cli.read import digest, poll
from monitor.cli.run import page, up
from monitor.cli.sense import judge_sense, learn_sense
from monitor.cli.setup import init
from monitor.cli.stream import stream
from monitor.cli.topics import topics
from monitor.errors import ConfigError, MonitorError, QueryError, SourceError, StoreError
from monitor.logs import redact, show_uncaught

EXIT_CODES: dict[type[MonitorError], int] = {ConfigError: 2, QueryError: 2, StoreError: 3, SourceError: 4}

EPILOG = """\b
Examples:
  monitor demo                     what it looks like, from a sample archive
  monitor up                       start everything; Ctrl-C stops it
  monitor init                     write a topics file of your own
  monitor doctor                   what works, what does not, what to do

\b
Exit codes: 0 done · 1 something was found or failed · 2 configuration or usage · 3 store · 4 source · 5 already running
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="discussion-monitor", prog_name="monitor")
def commands() -> None:
    """Follow a public discussion across platforms, and say in one short digest what is said about it."""


COMMANDS = (
    up,
    init,
    demo,
    replay,
    digest,
    topics,
    cost,
    poll,
    backfill,
    owner,
    doctor,
    outbox,
    quarantine,
    fsck,
    backup,
    restore,
    forget,
    health,
    page,
    bot,
    stream,
)
for command in COMMANDS:
    commands.add_command(command)
for command in (learn_sense, judge_sense):
    topics.add_command(command)


def main() -> None:
    """Run a command; errors of ours are one clear sentence each and an exit code."""
    show_uncaught()
    # Short commands say what they have to say themselves, but for a store that keeps them waiting; the long ones set
    # their log up.
    waiting = logging.StreamHandler()
    waiting.addFilter(logging.Filter("monitor.store.embedded"))
    logging.getLogger().addHandler(waiting)
    # A replay's store must go with it; long commands replace this by a stop in order.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        commands(standalone_mode=True)
    except MonitorError as e:
        click.secho(redact(str(e)), fg="red", err=True)
        sys.exit(next((code for kind, code in EXIT_CODES.items() if isinstance(e, kind)), 1))
