"""Work that makes very many objects, all of which are needed until its end: looking for garbage meanwhile finds none.

Python looks through all of them again and again while they become more; for a day of many posts that is a sixth of the
time of its digest.
"""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def undisturbed(work: Callable[P, T]) -> Callable[P, T]:
    """Let a function run without looks for garbage in this process; within another such one it changes nothing."""

    @wraps(work)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        if not gc.isenabled():
            return work(*args, **kwargs)
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            gc.enable()

    return done
