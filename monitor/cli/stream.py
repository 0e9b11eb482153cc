"""`monitor stream`: the process that follows platforms which tell by themselves."""

import asyncio
import logging
import os
import signal
from datetime import UTC, datetime

import click

from monitor.logs import set_level, set_up
from monitor.processes.liveness import stream_name
from monitor.processes.streaming import Runner
from monitor.processes.supervisor import Pulse, join_group
from monitor.seams.streams import streamed
from monitor.settings import load
from monitor.sources import STREAMS
from monitor.stores import Stores
from monitor.topics.polling.planning import plan
from monitor.wiring import Monitor, opened

log = logging.getLogger(__name__)


@click.command(hidden=True)
def stream() -> None:
    """Follow the streams that topics name until told to stop."""
    set_up("stream")
    settings = load()
    set_level(settings.log.level)
    pulse = join_group(is_supervised=settings.supervised)
    with opened(settings) as monitor:
        asyncio.run(follow(monitor, pulse))


async def follow(monitor: Monitor, pulse: Pulse) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    log.info("ready")
    await Runner(monitor, monitor.streams, stream_name(os.getpid()), lambda: datetime.now(UTC)).run(stopped, pulse)


def is_asked_for(stores: Stores) -> bool:
    """Say whether a topic names a platform that is streamed: else no process is needed for that."""
    return bool(streamed(plan(stores.topics.all(), stores.packs.learned()), STREAMS))
