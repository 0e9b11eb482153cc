"""The tasks: ids in, one call, nothing out. Running one twice is boring."""

from uuid import uuid4

from celery import Celery

from monitor.duties import jobs
from monitor.duties.look_back import refill
from monitor.duties.second_look import look_again
from monitor.duties.upkeep import keep_up
from monitor.wiring import Monitor


def register(app: Celery, monitor: Monitor) -> None:
    """Make the tasks of the product known to an app; each is named as the kind of job that it does.

    They are this app's alone: Celery gives tasks to every app of a process unless it is told not to. The time is the
    store's for all of them: a machine whose clock is wrong reads the same windows as the others.
    """
    clock = monitor.now

    @app.task(name="poll", bind=True, shared=False)
    def poll(task: object, subject: str) -> None:
        jobs.poll(monitor, subject, owner_of(task), clock)

    @app.task(name="deliver", bind=True, shared=False)
    def deliver(task: object, subject: str) -> None:
        jobs.deliver(monitor, subject, owner_of(task), clock())

    @app.task(name="commands", bind=True, shared=False)
    def commands(task: object, subject: str) -> None:
        jobs.answer_commands(monitor, subject, owner_of(task), clock())

    @app.task(name="prune", bind=True, shared=False)
    def prune(task: object, subject: str) -> None:
        jobs.prune(monitor, subject, owner_of(task), clock())

    @app.task(name="upkeep", bind=True, shared=False)
    def upkeep(task: object, subject: str) -> None:
        keep_up(monitor, subject, owner_of(task), clock())

    register_telling(app, monitor)
    register_looks_back(app, monitor)


def register_telling(app: Celery, monitor: Monitor) -> None:
    """Make the tasks known that look at the numbers of topics, and tell of them."""
    clock = monitor.now

    @app.task(name="score", bind=True, shared=False)
    def score(task: object, subject: str) -> None:
        jobs.score(monitor, subject, owner_of(task), clock())

    @app.task(name="digest", bind=True, shared=False)
    def digest(task: object, subject: str) -> None:
        jobs.send_digest(monitor, subject, owner_of(task), clock())

    @app.task(name="edition", bind=True, shared=False)
    def edition(task: object, subject: str) -> None:
        jobs.send_edition(monitor, subject, owner_of(task), clock())


def register_looks_back(app: Celery, monitor: Monitor) -> None:
    """Make the tasks known that look at the past: known posts again, and gaps."""
    clock = monitor.now

    @app.task(name="reread", bind=True, shared=False)
    def reread(task: object, subject: str) -> None:
        look_again(monitor, subject, owner_of(task), clock)

    @app.task(name="refill", bind=True, shared=False)
    def fill_gap(task: object, subject: str) -> None:
        refill(monitor, subject, owner_of(task), clock())


def owner_of(task: object) -> str:
    """Return a name of its own for one run of a task: a redelivered message must not share a frozen run's lease.

    It begins with the worker's name, so that a lease says which process holds it.
    """
    request = task.request  # type: ignore[attr-defined]
    return f"{request.hostname}/{request.id}/{uuid4().hex}"
