"""Counts what a worker takes up and ends, for its signs of life."""

import threading
from collections.abc import Callable
from typing import Any

from celery import Task

from monitor.processes.stalls import Beat


class Hands:
    """The threads of a worker's pool; `kept` returns how many jobs are at work within their longest time.

    Thread-safe.
    """

    def __init__(self, number: int, kept: Callable[[], int]) -> None:
        self._number = number
        self._kept = kept
        self._lock = threading.Lock()
        self._begun = 0
        self._ended = 0

    def __enter__(self) -> None:
        with self._lock:
            self._begun += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._ended += 1

    def beat(self) -> Beat:
        """Return a sign of life as of now."""
        with self._lock:
            begun, ended = self._begun, self._ended
        return Beat(moves=begun + ended, free=self._number - (begun - ended), kept=self._kept())

    def task_class(self) -> type[Task]:
        """Return the class of the tasks whose runs are counted."""
        hands = self

        class Counted(Task):
            """A task whose runs are counted."""

            def __call__(self, *args: Any, **kwargs: Any) -> Any:
                # Not by super(), which hides the id of the message.
                with hands:
                    return self.run(*args, **kwargs)

        return Counted
