"""Starts a worker: threads, so that one page a task costs one thread; more cores are more processes."""

import gc
import logging
import os
import sys
import warnings

from celery.exceptions import CPendingDeprecationWarning, SecurityWarning

from monitor.errors import MonitorError
from monitor.logs import set_level, set_up
from monitor.processes.liveness import worker_name
from monitor.processes.supervisor import join_group
from monitor.settings import load
from monitor.wiring import opened
from workers.app import make_app, make_worker

log = logging.getLogger(__name__)


def main() -> int:
    """Run a worker until it is told to stop; return the exit code."""
    set_up("worker")
    # Celery warns a superuser because of pickle; this app takes JSON only.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # It asks whether tasks are to be cancelled when the broker is lost; threads cannot be, and the lease decides.
    logging.getLogger("py.warnings").addFilter(
        lambda said: CPendingDeprecationWarning.__name__ not in said.getMessage()
    )
    # It says by itself, past every log, "worker: Warm shutdown (MainProcess)"; the supervisor tells that all stop.
    sys.__stdout__ = None  # type: ignore[misc]
    try:
        settings = load()
        set_level(settings.log.level)
        pulse = join_group(is_supervised=settings.supervised)
        with opened(settings) as monitor:
            app = make_app(monitor, pulse)
            # Tables of keywords, characters and languages stay for good: the collector need not walk through them.
            gc.freeze()
            make_worker(app, worker_name(os.getpid())).start()
    except MonitorError as e:
        log.critical("%s", e)
        return 1
    return 0
