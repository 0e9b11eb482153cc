"""The sweeper: a small thread in every worker that turns due jobs into hints. No leader, no beat."""

import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import bootsteps
from kombu.exceptions import KombuError

from monitor.duties import jobs
from monitor.errors import MonitorError
from monitor.models import Job
from monitor.processes.liveness import is_dead
from monitor.store.inbox import INBOX_JOB
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

EVERY = timedelta(milliseconds=250)
READ_TOPICS_EVERY = timedelta(seconds=5)
STUCK = timedelta(seconds=60)
"""So long after its longest time a job may go on, whose thread waits for a store that was away. Then it never ends."""

MOST_HINTS = 200
"""Open hints at most: an hour without workers must not fill the store (one hint has about 1 kB)."""

MOST_AT_ONCE = 50
"""Hints of one sweep: each costs a write to disk, and several sweepers may see the same room in the queue at once."""


FIRST, LATER = 0, 3
"""Priorities of hints; the smaller is taken first. People who ask wait for an answer, and shall not wait behind the
digests of a thousand chats."""


class Sweeper(bootsteps.StartStopStep):
    """Runs the sweep for as long as its worker lives."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, worker: Any) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, args=(worker.app,), name="sweeper", daemon=True)
        self._thread.start()
        log.info("ready")

    def stop(self, worker: Any) -> None:
        """End the thread and wait for it."""
        del worker
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    terminate = stop

    def _run(self, app: Any) -> None:
        troubles = Troubles()
        read_at = datetime.min.replace(tzinfo=UTC)
        troubles.watch("start", lambda: jobs.ask_again(app.monitor))
        while not self._stopped.wait(EVERY.total_seconds()):
            now = datetime.now(UTC)
            if now - read_at >= READ_TOPICS_EVERY:
                read_at = now
                troubles.watch("topics", lambda: jobs.read_topics(app.monitor, datetime.now(UTC)))
            troubles.watch("sweep", lambda: sweep(app, app.monitor))
            end_if_stuck(app.monitor)
            # From this thread: a worker whose sweeper is dead or stuck must not look alive.
            app.pulse()


def sweep(app: Any, monitor: Monitor) -> None:
    """Send a hint for each job that is due, as long as few enough are waiting."""
    monitor.restarts.mend()
    monitor.setbacks.mend()
    monitor.job_leases.bury(is_dead)
    with app.producer_pool.acquire(block=True, timeout=5) as producer:
        room = MOST_HINTS - waiting(producer, app.conf.task_default_queue)
        for job in monitor.schedule.take(min(room, MOST_AT_ONCE)) if room > 0 else ():
            hint(app, producer, job)


def end_if_stuck(monitor: Monitor) -> None:
    """End this process when one of its threads cannot be got back: no thread can be ended, and it would burn for ever.

    Another process takes the work up, and works carefully on the page that did it.
    """
    stuck = monitor.keeper.overrun()
    if stuck > STUCK:
        log.critical("a job never ends: this worker begins anew", extra={"overrun": f"{stuck.total_seconds():.0f}s"})
        logging.shutdown()
        os._exit(1)


def waiting(producer: Any, queue: str) -> int:
    """Return how many hints wait in the queue."""
    return int(producer.channel.queue_declare(queue=queue, passive=False, durable=True).message_count)


def hint(app: Any, producer: Any, job: Job) -> None:
    """Tell some worker that a job is due."""
    priority = FIRST if job == INBOX_JOB else LATER
    app.send_task(job.kind, args=[job.subject], producer=producer, priority=priority)


def is_ours(error: Exception) -> bool:
    """Tell a bug of ours, which must show where it is, from an outage of the store or the broker."""
    return not isinstance(error, MonitorError | KombuError | OSError) and not type(error).__module__.startswith(
        "redis."
    )


class Troubles:
    """Says once that something began to fail, and once that it works again."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}

    def watch(self, what: str, call: Any) -> None:
        """Call, and log a change between working and failing; a sweep must outlive an outage."""
        try:
            call()
        except Exception as e:
            if self._failing.get(what) != str(e):
                log.warning("%s failed", what, extra={"reason": f"{type(e).__name__}: {e}"}, exc_info=is_ours(e))
            self._failing[what] = str(e)
        else:
            if self._failing.pop(what, None) is not None:
                log.info("%s works again", what)
