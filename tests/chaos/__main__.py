"""Measures the figures of reliability; see the package's docstring."""

import argparse
import importlib
import pkgutil
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

import tests.chaos
from tests.chaos import Figure, Plan

AT_ONCE = 2
"""Figures measured side by side; more would measure the machine."""


def names() -> list[str]:
    """Return the modules that measure a figure, in order."""
    return sorted(m.name for m in pkgutil.iter_modules(tests.chaos.__path__) if re.fullmatch(r"f\d\d_\w+", m.name))


def measure(name: str, seed: int, is_long: bool) -> str:
    """Measure one figure and return its line; an exception is a broken promise."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        try:
            figure = find(name)(Plan(seed, is_long, Path(folder)))
        except Exception:  # noqa: BLE001 - whatever went wrong, the other figures are still measured
            figure = Figure(name=name, wanted="an end", reached={}, broken=(traceback.format_exc(),))
    line = {"figure": figure.name, "ok": not figure.broken, "wanted": figure.wanted, **figure.reached}
    line |= {"broken": figure.broken, "seed": seed, "seconds": round(time.monotonic() - began, 1)}
    return msgspec.json.encode(line).decode()


def find(name: str) -> Callable[[Plan], Figure]:
    """Return the function that measures a figure."""
    found: Callable[[Plan], Figure] = importlib.import_module(f"tests.chaos.{name}").measure
    return found


def main() -> int:
    """Measure the figures that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("figures", nargs="*", help="f01 f05 …; all when none is named")
    parser.add_argument("--long", action="store_true", help="the full form; the short one takes three minutes")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31), help="repeat a run")
    asked = parser.parse_args()
    chosen = [n for n in names() if not asked.figures or n.startswith(tuple(asked.figures))]
    is_fine = bool(chosen)
    # A process of its own for each: no figure inherits another's threads.
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for line in pool.map(measure, chosen, [asked.seed] * len(chosen), [asked.long] * len(chosen)):
            print(line, flush=True)
            is_fine = is_fine and msgspec.json.decode(line)["ok"]
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
