"""The model of tests/model, bounded: no promise is broken, and what is broken on purpose is found.

tests/chaos/f13_model.py does very many more steps, and finds every defect. A run that fails here is repeated, and made
as short as Hypothesis can, by `python -m tests.model SEED`.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.data import ROOT
from tests.model import seams
from tests.model.plant import Plant
from tests.model.run import run
from tests.model.sabotage import SABOTAGES, sabotaged

SCRIPTS = sorted(path.stem for path in (ROOT / "monitor/store/scripts").glob("*.lua"))
STEPS = 600
STEPS_TO_FIND = 4_000
QUICKLY_FOUND = (
    "fences do not grow",
    "a look begins one post too far",
    "an answer is kept, and its change is not",
    "due jobs are taken off the list",
    "settling asks for no lease and no record",
    "a sender who woke too late says nothing",
)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    logging.disable(logging.CRITICAL)
    with pytest.MonkeyPatch.context() as patch:
        # Else the library warns of a change of type in each flood answer that it reads.
        patch.setenv("PTB_TIMEDELTA", "true")
        built = Plant(tmp_path_factory.mktemp("model"))
        yield built
        built.close()
    logging.disable(logging.NOTSET)


def test_no_promise_is_broken_whatever_happens_next(plant: Plant) -> None:
    outcome = run(plant, STEPS, first_seed=20_000, needs_all=False)

    assert outcome.broken == (), outcome.example
    assert outcome.totals.steps >= STEPS
    assert outcome.totals.rests > 0
    assert len([kind for kind, count in outcome.totals.faults.items() if count]) >= 12


@pytest.mark.parametrize("name", QUICKLY_FOUND)
def test_what_is_broken_on_purpose_is_found(plant: Plant, name: str) -> None:
    with sabotaged(name):
        outcome = run(plant, STEPS_TO_FIND, first_seed=20_000, needs_all=False)

    assert outcome.broken


def test_every_defect_stands_where_it_is_put_in() -> None:
    """A script that is written anew must not turn a defect of it into none."""
    for name in SABOTAGES:
        with sabotaged(name):
            for script in SCRIPTS:
                seams.script_text(script)
