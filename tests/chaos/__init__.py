"""Figures of reliability, measured under faults, judged by a ledger outside the store, one line of JSON each.

A figure is a module of this package, `f01_kills.py`, with one function:

    def measure(plan: Plan) -> Figure

`python -m tests.chaos` runs their short forms, `--long` the full ones, `--seed N` repeats a run of chance, and a name
such as `f01` chooses one. Exit code 1 when one of them is missed. Every fault is drawn from the seed, which is printed.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import msgspec


class Plan(NamedTuple):
    """What a figure is measured with: the seed of all chance, the full form or the short one, and its own folder."""

    seed: int
    is_long: bool
    folder: Path


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What was reached: counts as measured, what was wanted, and a sentence for each promise that was broken."""

    name: str
    wanted: str
    reached: dict[str, float | int | str]
    broken: tuple[str, ...] = ()


def progress(name: str, said: str) -> None:
    """Tell the person who waits how far a figure is; figures themselves go to standard output."""
    print(f"{name}: {said}", file=sys.stderr, flush=True)
