"""The Celery app and its settings, each with the measurement that decided it."""

from typing import Any

from celery import Celery

from monitor.processes.supervisor import Pulse
from monitor.wiring import Monitor
from workers.hands import Hands
from workers.sweeper import Sweeper
from workers.tasks import register

QUEUE = "poll"


def make_app(monitor: Monitor, pulse: Pulse = lambda _: None) -> Celery:
    """Return the app of one worker process. Messages are hints, the truth is the due list: a lost one costs seconds."""
    hands = Hands(monitor.settings.worker.threads, monitor.leases.count)
    app = Celery("monitor", broker=monitor.broker_url, set_as_current=False, task_cls=hands.task_class())
    app.conf.update(
        task_default_queue=QUEUE,
        task_serializer="json",
        accept_content=["json"],
        # Nothing waits for a result; without a backend there is nothing to grow.
        task_ignore_result=True,
        # A killed worker's message comes again; a job that was done meanwhile is refused by its lease.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        # A hint that was not sent is due again in four seconds; to try here would only hold up the sweeper.
        task_publish_retry=False,
        # No time limits: the pool of threads knows none. A job's longest time is that of its lease.
        # Three minutes until an unacknowledged hint comes again, looked at every second (by default 90 s later).
        broker_transport_options={
            "visibility_timeout": 180,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "health_check_interval": 5,
            "socket_keepalive": True,
        },
        # A worker that gives up on its broker is a dead one; try for ever.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # With remote control off a worker stays deaf after a restart of the store (400 s watched). With it on, some end
        # at such a restart (13 of 44), which the supervisor sees; what is deaf all the same it sees by its idleness.
        worker_enable_remote_control=True,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
    )
    app.monitor = monitor
    app.pulse = lambda: pulse(hands.beat())
    app.steps["worker"].add(Sweeper)
    register(app, monitor)
    return app


def make_worker(app: Celery, name: str) -> Any:
    """Return a worker of an app, ready to be started."""
    return app.Worker(
        hostname=name,
        pool="threads",
        concurrency=str(app.monitor.settings.worker.threads),
        loglevel="INFO",
        quiet=True,
        # What workers tell each other nobody uses here, and asking for neighbours makes a worker deaf for a second at
        # each start, and after each outage of the store. Remote control is another thing, and on: see above.
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
