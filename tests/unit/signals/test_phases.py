"""A burst rises, peaks, fades and is over."""

import pytest

from monitor.nouns.burst import Phase
from monitor.signals.phases import BURST, Scored, phase_of

QUIET = [(1, 0.0)]
RISE = [(1, 0.0), (20, 8.0)]
TOP = [*RISE, (60, 20.0)]


@pytest.mark.parametrize(
    ("hours", "phase"),
    [
        ([], None),
        (QUIET * 30, None),
        ([(9, BURST - 0.1)], None),
        (RISE, "rising"),
        (TOP, "rising"),
        ([*TOP, (60, 20.0)], "peak"),
        ([*TOP, (30, 12.0)], "peak"),
        ([*TOP, (29, 12.0)], "fading"),
        ([*TOP, (29, 12.0), *QUIET], "fading"),
        ([*TOP, (29, 12.0), *QUIET, *QUIET], "back"),
        ([*TOP, *QUIET * 20], "back"),
        ([*TOP, *QUIET * 5, (20, 8.0)], "rising"),
    ],
)
def test_the_phase_of_hours(hours: list[tuple[int, float]], phase: Phase | None) -> None:
    assert phase_of([Scored(voices, surprise, surprise) for voices, surprise in hours]) == phase


def test_a_slow_burst_whose_hours_alone_are_usual_has_a_phase_too() -> None:
    hours = [Scored(2, 0.0, 0.0)] * 6 + [Scored(5, 1.5, 2.0), Scored(5, 1.5, 4.0)]

    assert phase_of(hours) == "peak"
