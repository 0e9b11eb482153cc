"""Repeats a batch that broke a promise and makes it as short as Hypothesis can: python -m tests.model SEED

The seed is the line's "batch_seed". Making it short takes minutes.
"""

import logging
import sys
import tempfile
from pathlib import Path

from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.model.moves import Totals
from tests.model.plant import Plant
from tests.model.run import machine, options


def main() -> int:
    """Run one batch; return 1 when it broke a promise."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        plant, totals = Plant(Path(folder)), Totals()
        try:
            run_state_machine_as_test(machine(plant, totals, int(sys.argv[1])), settings=options(shrinks=True))
        except (AssertionError, Flaky) as e:
            print("\n".join([str(e), *getattr(e, "__notes__", ()), *totals.trace]))
            return 1
        finally:
            plant.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
