"""Lets Hypothesis drive the model: so many steps under a seed, until something breaks."""

from typing import NamedTuple

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import FAULTS, Model
from tests.model.moves import Totals
from tests.model.plant import Plant

STEPS_OF_A_RUN = 100
RUNS_OF_A_BATCH = 10
MORE = 3.0
"""How much longer than asked a figure may go on for the sake of a kind of fault that did not happen yet."""


class Outcome(NamedTuple):
    """What was done, and what broke: sentences, and the run's trace. `seed` repeats the batch that broke."""

    totals: Totals
    broken: tuple[str, ...] = ()
    seed: int = 0
    example: str = ""


def run(plant: Plant, steps: int, first_seed: int, *, needs_all: bool = True) -> Outcome:
    """Do at least so many steps, in batches with seeds of their own, and each kind of fault if `needs_all`."""
    totals, batch = Totals(), 0
    while totals.steps < steps or (needs_all and missing(totals) and totals.steps < MORE * steps):
        number = first_seed * 1_000_003 + batch
        example = _batch(plant, totals, number)
        if example is not None:
            return Outcome(totals, tuple(totals.broken or [example]), number, example)
        batch += 1
    return Outcome(totals)


def missing(totals: Totals) -> list[str]:
    """Return the kinds of fault that did not happen."""
    return [kind for kind in FAULTS if not totals.faults[kind]]


def machine(plant_: Plant, totals_: Totals, number: int) -> type[Model]:
    """Return the state machine on a plant, with a seed."""

    class Seeded(Model):
        plant = plant_
        totals = totals_

    return seed(number)(Seeded)


def options(runs: int = RUNS_OF_A_BATCH, *, shrinks: bool = False) -> settings:
    """Return the settings of a batch. The seed says it all, so nothing is kept for another time."""
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    return settings(
        max_examples=runs,
        stateful_step_count=STEPS_OF_A_RUN,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def _batch(plant: Plant, totals: Totals, number: int) -> str | None:
    """Do one batch; return the steps of a run that broke a promise, None when none did."""
    try:
        run_state_machine_as_test(machine(plant, totals, number), settings=options())
    except (AssertionError, Flaky) as e:
        return "\n".join([str(e), *getattr(e, "__notes__", ())])
    return None
