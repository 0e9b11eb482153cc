"""Looks for garbage are off while much is made, and on again however that ends."""

import gc

import pytest

from monitor.processes.undisturbed import undisturbed


@undisturbed
def looked_for(depth: int = 0) -> list[bool]:
    """Return whether garbage is looked for within, and after a call within."""
    inner = looked_for(depth - 1) if depth else []
    return [*inner, gc.isenabled()]


@undisturbed
def breaks() -> None:
    """Fail."""
    raise LookupError("on purpose")


def test_a_call_within_another_does_not_begin_the_looks_again() -> None:
    assert looked_for(2) == [False, False, False]
    assert gc.isenabled()


def test_garbage_is_looked_for_again_after_a_failure() -> None:
    with pytest.raises(LookupError):
        breaks()

    assert gc.isenabled()
