"""F13: the product's stores and senders under a state machine that may do anything next: no promise is ever broken."""

import logging
import time

from tests.chaos import Figure, Plan, progress
from tests.model.judge import INVARIANTS
from tests.model.machine import FAULTS
from tests.model.plant import Plant
from tests.model.run import Outcome, missing, run
from tests.model.sabotage import SABOTAGES, sabotaged

NAME = "F13 model"
STEPS, STEPS_IN_SHORT = 100_000, 3_000
STEPS_TO_FIND = 12_000
"""Within so many steps a defect that was put in must be found; most are within a thousand. Without it, the same rules
under the same seed broke nothing, or the figure ends before."""


def measure(plan: Plan) -> Figure:
    """Do the steps; in the full form, find every defect as well."""
    logging.disable(logging.CRITICAL)  # what workers say of faults that were ordered would fill the screen
    steps = STEPS if plan.is_long else STEPS_IN_SHORT
    plant = Plant(plan.folder / "store")
    try:
        began = time.monotonic()
        outcome = run(plant, steps, plan.seed)
        seconds = time.monotonic() - began
        _keep(plan, outcome)
        broken = list(outcome.broken) or [f"no {kind} happened" for kind in missing(outcome.totals)]
        reached = _reached(outcome, seconds)
        if plan.is_long and not broken:
            found = _found(plant, plan.seed)
            slowest = max(found.values(), default=0)
            reached |= {"defects": len(SABOTAGES), "defects_found": len(found), "most_steps_to_find": slowest}
            broken += [f"the model does not find: {name}" for name in SABOTAGES if name not in found]
    finally:
        plant.close()
    wanted = f"{steps} steps, {len(FAULTS)} kinds of fault, each of them done, {INVARIANTS} invariants: none broken"
    return Figure(name=NAME, wanted=wanted, reached=reached, broken=tuple(broken[:20]))


def _reached(outcome: Outcome, seconds: float) -> dict[str, float | int | str]:
    totals = outcome.totals
    return {
        "steps": totals.steps,
        "runs": totals.runs,
        "steps_a_second": round(totals.steps / seconds),
        "fault_actions": sum(totals.faults[kind] > 0 for kind in FAULTS),
        "faults": totals.faults.total(),
        "rarest_fault": min(totals.faults[kind] for kind in FAULTS),
        "invariants": INVARIANTS,
        "rests_judged": totals.rests,
        "beyond_knowing": totals.late,
        "batch_seed": outcome.seed,
    }


def _keep(plan: Plan, outcome: Outcome) -> None:
    """Keep what led to a broken promise: the calls that were made, with the model's time, and Hypothesis' own words."""
    if outcome.broken:
        (plan.folder / "trace.txt").write_text("\n".join(outcome.totals.trace), encoding="utf-8")
        (plan.folder / "example.txt").write_text(outcome.example, encoding="utf-8")


def _found(plant: Plant, seed: int) -> dict[str, int]:
    """Return the defects that the model finds, and within how many steps."""
    found: dict[str, int] = {}
    for name in SABOTAGES:
        with sabotaged(name):
            outcome = run(plant, STEPS_TO_FIND, seed, needs_all=False)
        if outcome.broken:
            found[name] = outcome.totals.steps
        progress(NAME, f"{name}: {outcome.broken[0].splitlines()[0] if outcome.broken else 'not found'}")
    return found
