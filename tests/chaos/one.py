"""Measures one figure in this process: python -m tests.chaos.one f01_kills SEED short|long FOLDER

The line of the figure goes to standard output; whatever else is printed to standard error.
"""

import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.chaos import Figure, Plan


def measure(name: str, plan: Plan) -> str:
    """Measure a figure and return its line; an exception is a broken promise."""
    began = time.monotonic()
    try:
        figure = find(name)(plan)
    except Exception:  # noqa: BLE001 - whatever went wrong is told in the line
        figure = Figure(name=name, wanted="an end", reached={}, broken=(traceback.format_exc(),))
    return line_of(figure, plan.seed, time.monotonic() - began)


def find(name: str) -> Callable[[Plan], Figure]:
    """Return the function that measures a figure."""
    found: Callable[[Plan], Figure] = importlib.import_module(f"tests.chaos.{name}").measure
    return found


def line_of(figure: Figure, seed: int, seconds: float) -> str:
    """Return a figure as a line of JSON."""
    line = {"figure": figure.name, "ok": not figure.broken, "wanted": figure.wanted, **figure.reached}
    return msgspec.json.encode(line | {"broken": figure.broken, "seed": seed, "seconds": round(seconds, 1)}).decode()


def main() -> None:
    """Measure what the command line names."""
    name, seed, form, folder = sys.argv[1:]
    # A shell that starts something in the background lets it ignore Ctrl-C, by which the runner ends a figure.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The line alone may go to standard output: what libraries and children print is none.
    line = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(measure(name, Plan(int(seed), form == "long", Path(folder))), file=line, flush=True)


if __name__ == "__main__":
    main()
